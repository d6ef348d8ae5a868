# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/release: two builds that are the same, checksums, and what the release is made of; and what it refuses.

    test_release.py SOURCE      the project's folder, which is copied: what is tested is what stands there, committed or not
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import jsonschema

SOURCE = pathlib.Path(sys.argv.pop(1))


def run(*command, cwd, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)


class ReleaseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.project = pathlib.Path(temporary.name) / 'project'
        shutil.copytree(SOURCE, cls.project, symlinks=True, ignore=lambda folder, names: {'build', '.git', '__pycache__'} & set(names))
        cls.git('init', '-q')
        cls.git('add', '-A')
        cls.commit('all of it')
        cls.version = re.search(r'^project\(firstpayload VERSION ([0-9.]+)', (cls.project / 'CMakeLists.txt').read_text(), re.M).group(1)

    @classmethod
    def git(cls, *arguments):
        done = run('git', '-c', 'user.name=A Tester', '-c', 'user.email=tester@example.org', *arguments, cwd=cls.project)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @classmethod
    def commit(cls, message):
        cls.git('commit', '-q', '--allow-empty', '-m', message)

    def release(self, *options):
        return run('scripts/release', *options, cwd=self.project, env=dict(os.environ, CMAKE_BUILD_PARALLEL_LEVEL='2'))

    def test_release(self):
        out = self.project.parent / 'out'
        done = self.release('-s', '-o', out)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        self.assertIn('both are the same byte for byte', done.stdout)
        name = f'firstpayload-{self.version}'
        names = sorted(path.name for path in out.iterdir())
        packages = [path for path in names if path.endswith('.deb')]
        self.assertEqual([re.sub('_.*', '', path) for path in packages], ['firstpayload-wireshark', 'firstpayload'])
        self.assertEqual(names, sorted([*packages, f'{name}.tar.gz', f'{name}.spdx.json', 'SHA256SUMS']))
        sums = dict(reversed(line.split('  ')) for line in (out / 'SHA256SUMS').read_text().splitlines())
        self.assertEqual(sums, {path: hashlib.sha256((out / path).read_bytes()).hexdigest() for path in names if path != 'SHA256SUMS'})
        self.source_is_the_commit(out / f'{name}.tar.gz', name)
        self.parts_are_told(json.loads((out / f'{name}.spdx.json').read_text()), out, packages, sums)

    def source_is_the_commit(self, tarball, name):
        with tarfile.open(tarball) as files:
            have = {member.name for member in files if member.isfile()}
        self.assertEqual(have, {f'{name}/{path}' for path in self.git('ls-files').splitlines()})

    def parts_are_told(self, document, out, packages, sums):
        schema = json.loads((SOURCE / 'tests/release/spdx.schema.json').read_text())
        jsonschema.validate(document, schema)
        entries = {entry['SPDXID']: entry for entry in document['packages']}
        self.assertEqual(len(entries), len(document['packages']))
        for relation in document['relationships']:
            for end in relation['spdxElementId'], relation['relatedSpdxElement']:
                self.assertIn(end, {*entries, 'SPDXRef-DOCUMENT'})
        told = {entry['name']: entry['checksums'][0]['checksumValue'] for entry in entries.values() if 'checksums' in entry}
        self.assertEqual(told, {path: sum for path, sum in sums.items() if not path.endswith('.spdx.json')})
        for package in packages:
            wanted = run('dpkg-deb', '-f', out / package, 'Depends', cwd=out).stdout
            depends = {entries[relation['relatedSpdxElement']]['name'] for relation in document['relationships']
                       if relation['relationshipType'] == 'DEPENDS_ON' and entries[relation['spdxElementId']]['name'] == package}
            self.assertEqual(depends, {re.match('[a-z0-9.+-]+', clause.strip()).group() for clause in wanted.split(',')})
            for name in depends:
                version = run('dpkg-query', '-W', '-f', '${Version}', name, cwd=out).stdout
                self.assertIn(version, [entry['versionInfo'] for entry in entries.values() if entry['name'] == name])

    def test_a_release_needs_its_news(self):
        news = (self.project / 'NEWS.md').read_text()
        self.addCleanup(self.put_news, news)
        self.put_news(re.sub(r'^## .*', f'## {self.version} (not released yet)', news, count=1, flags=re.M))
        done = self.release()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"NEWS.md has no heading '## {self.version} (YYYY-MM-DD)'", done.stderr)

    def put_news(self, text):
        (self.project / 'NEWS.md').write_text(text)
        self.git('add', 'NEWS.md')
        self.commit('news')

    def test_nothing_is_overwritten(self):
        there = self.project.parent / 'there'
        there.mkdir()
        done = self.release('-s', '-o', there)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'{there} is there already', done.stderr)
        self.assertEqual(list(there.iterdir()), [])

    def test_words_are_refused(self):
        done = self.release('-s', 'now')
        self.assertEqual(done.returncode, 64)
        self.assertIn('usage: scripts/release', done.stderr)


unittest.main()
