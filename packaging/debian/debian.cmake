# SPDX-License-Identifier: GPL-2.0-or-later
# The target "package": two Debian packages, for the Debian that it is built on.
#
# firstpayload: the program, which needs libwiretap and none of the dissectors; all that a sensor takes.
# firstpayload-wireshark: the plugin. A soname of libwireshark is of one minor version (4.0: 16), as is the plugin; so the dependency that
# dpkg-shlibdeps finds is exact enough.
set(FIRSTPAYLOAD_PACKAGE_MAINTAINER "firstpayload <firstpayload@localhost>" CACHE STRING "Who the packages name as their maintainer")

# Packages for a newer Debian are newer, so that an upgrade of Debian takes them: 0.2.0-1~deb12 < 0.2.0-1~deb13 < 0.2.0-1.
set(revision 1)
if(EXISTS /etc/os-release)
    file(STRINGS /etc/os-release os_release)
    if("ID=debian" IN_LIST os_release AND "${os_release}" MATCHES ";VERSION_ID=\"?([0-9]+)")
        set(revision 1~deb${CMAKE_MATCH_1})
    endif()
endif()

string(TIMESTAMP FIRSTPAYLOAD_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(FIRSTPAYLOAD_PACKAGE_VERSION ${PROJECT_VERSION}-${revision})
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${PROJECT_BINARY_DIR}/debian/changelog @ONLY)
add_gzipped(${PROJECT_BINARY_DIR}/debian/changelog changelog_gz)
add_custom_target(debian_changelog ALL DEPENDS ${changelog_gz})
foreach(name_and_component firstpayload:program firstpayload-wireshark:plugin)
    string(REGEX MATCH "([^:]+):(.+)" ignored ${name_and_component})
    install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION share/doc/${CMAKE_MATCH_1} COMPONENT ${CMAKE_MATCH_2} EXCLUDE_FROM_ALL)
    install(FILES ${changelog_gz} DESTINATION share/doc/${CMAKE_MATCH_1} RENAME changelog.Debian.gz COMPONENT ${CMAKE_MATCH_2} EXCLUDE_FROM_ALL)
endforeach()
install(FILES ${CMAKE_CURRENT_LIST_DIR}/firstpayload.lintian-overrides DESTINATION share/lintian/overrides RENAME firstpayload
    COMPONENT program EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_ERROR_ON_ABSOLUTE_INSTALL_DESTINATION ON) # such a file would be written to this machine, and be missing in the package
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_CONTACT "${FIRSTPAYLOAD_PACKAGE_MAINTAINER}")
set(CPACK_COMPONENTS_ALL program plugin)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${revision})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME firstpayload)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "first payload frames of TCP streams, cut out of captures
Finds the frame in which each TCP connection says its first bytes: the TLS
ClientHello, the HTTP request line, the banner of SSH.

slim cuts captures down to those frames, watch does so for every capture that
tcpdump or dumpcap rotates into a folder. For Wireshark and tshark there is
firstpayload-wireshark.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "tshark, firstpayload-wireshark, tcpdump, parallel, slurm-client") # tshark: for -Y and --fields; the last two: docs/archive.md
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm)

set(CPACK_DEBIAN_PLUGIN_PACKAGE_NAME firstpayload-wireshark)
set(CPACK_COMPONENT_PLUGIN_DESCRIPTION "first payload frames of TCP streams, for Wireshark and tshark
A plugin with which the display filter firstpayload matches the frame in which
each TCP connection says its first bytes: the TLS ClientHello, the HTTP request
line, the banner of SSH. It brings a profile with columns, colours and buttons,
statistics, and links to the SYN and the reply.")
set(CPACK_DEBIAN_PLUGIN_PACKAGE_RECOMMENDS "tshark | wireshark")
set(CPACK_DEBIAN_PLUGIN_PACKAGE_SUGGESTS firstpayload)
include(CPack)
