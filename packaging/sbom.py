# SPDX-License-Identifier: GPL-2.0-or-later
"""What a release is made of, as SPDX 2.3 in JSON: sbom.py VERSION TARBALL PACKAGE... >OUT

The files of the release, with their checksums; the Debian packages that its packages depend on, with the versions that are installed here,
which they were built with; and what compiled them. It comes from the packages themselves and from dpkg, and depends on nothing else: the time
is that of SOURCE_DATE_EPOCH. Licences of others are in their packages' copyright files, which are not in SPDX's words: NOASSERTION.
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

TOOLS = ['gcc', 'binutils', 'cmake', 'ninja-build', 'libc6-dev']


def said(*command: str) -> str:
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def sha256(path: str) -> str:
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def identifier(name: str) -> str:
    return 'SPDXRef-' + re.sub(r'[^A-Za-z0-9.]', '-', name)


def installed(name: str) -> dict | None:
    """The entry of a Debian package that is installed here; None: it is not."""
    query = subprocess.run(['dpkg-query', '-W', '-f', '${db:Status-Status} ${Package} ${Version} ${Architecture} ${Maintainer}\n', name],
                           text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    fields = query.stdout.split('\n')[0].split(' ', 4)
    if query.returncode != 0 or fields[0] != 'installed':
        return None
    _, package, version, architecture, maintainer = fields
    return {
        'SPDXID': identifier(f'debian-{package}'),
        'name': package,
        'versionInfo': version,
        'supplier': 'Person: ' + maintainer if '<' in maintainer else 'Organization: ' + maintainer,
        'downloadLocation': 'NOASSERTION',
        'filesAnalyzed': False,
        'licenseConcluded': 'NOASSERTION',
        'licenseDeclared': 'NOASSERTION',
        'copyrightText': 'NOASSERTION',
        'externalRefs': [{'referenceCategory': 'PACKAGE-MANAGER', 'referenceType': 'purl',
                          'referenceLocator': f'pkg:deb/debian/{package}@{version}?arch={architecture}'.replace('+', '%2B')}],
    }


def ours(path: str, version: str, purpose: str) -> dict:
    """The entry of a file of the release."""
    name = os.path.basename(path)
    return {
        'SPDXID': identifier(name),
        'name': name,
        'versionInfo': version,
        'packageFileName': name,
        'supplier': 'NOASSERTION',
        'downloadLocation': 'NOASSERTION',
        'filesAnalyzed': False,
        'checksums': [{'algorithm': 'SHA256', 'checksumValue': sha256(path)}],
        'licenseConcluded': 'GPL-2.0-or-later',
        'licenseDeclared': 'GPL-2.0-or-later',
        'copyrightText': 'NOASSERTION',
        'primaryPackagePurpose': purpose,
    }


def dependencies(package: str) -> list[dict]:
    """What a package depends on, of what is installed: of alternatives the first that is."""
    found = []
    for clause in filter(None, said('dpkg-deb', '-f', package, 'Depends').strip().split(',')):
        names = [re.match(r'\s*([a-z0-9.+-]+)', name).group(1) for name in clause.split('|')]
        entry = next(filter(None, map(installed, names)), None)
        if entry is None:
            raise SystemExit(f'sbom: {package} depends on {clause.strip()}, which is not installed here; it was not built here')
        found.append(entry)
    return found


def main(version: str, tarball: str, packages: list[str]) -> dict:
    source = ours(tarball, version, 'SOURCE')
    entries = {source['SPDXID']: source}
    relations = [('SPDXRef-DOCUMENT', 'DESCRIBES', source['SPDXID'])]
    for path in packages:
        entry = ours(path, said('dpkg-deb', '-f', path, 'Version').strip(), 'INSTALL')
        entries[entry['SPDXID']] = entry
        relations += [('SPDXRef-DOCUMENT', 'DESCRIBES', entry['SPDXID']), (entry['SPDXID'], 'GENERATED_FROM', source['SPDXID'])]
        for other in dependencies(path):
            entries[other['SPDXID']] = other
            relations.append((entry['SPDXID'], 'DEPENDS_ON', other['SPDXID']))
        for tool in filter(None, map(installed, TOOLS)):
            entries[tool['SPDXID']] = tool
            relations.append((tool['SPDXID'], 'BUILD_TOOL_OF', entry['SPDXID']))
    when = datetime.datetime.fromtimestamp(int(os.environ['SOURCE_DATE_EPOCH']), datetime.timezone.utc)
    return {
        'spdxVersion': 'SPDX-2.3',
        'dataLicense': 'CC0-1.0',
        'SPDXID': 'SPDXRef-DOCUMENT',
        'name': f'firstpayload-{version}',
        'documentNamespace': f'https://spdx.org/spdxdocs/firstpayload-{version}-{source["checksums"][0]["checksumValue"]}',
        'creationInfo': {'created': when.strftime('%Y-%m-%dT%H:%M:%SZ'), 'creators': ['Tool: firstpayload-sbom']},
        'packages': list(entries.values()),
        'relationships': [{'spdxElementId': one, 'relationshipType': kind, 'relatedSpdxElement': other} for one, kind, other in relations],
    }


if __name__ == '__main__':
    json.dump(main(sys.argv[1], sys.argv[2], sys.argv[3:]), sys.stdout, indent=1)
    print()
