# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/mutants: what it changes, on a few lines; what it says of a project with one test; and that what is explained still stands there."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

SOURCE = pathlib.Path(os.environ['FIRSTPAYLOAD_SOURCE'])
sys.path[:0] = [str(SOURCE / 'scripts'), str(SOURCE / 'tests/lib')]
import mutations  # noqa: E402
import waiting  # noqa: E402


def changed(line, kind):
    """What becomes of a line in a function, by changes of that kind."""
    text = f'static void f(void)\n{{\n{line}\n}}\n'
    return [' '.join(mutation.lines(text)[1]) for mutation in mutations.mutations(text) if mutation.kind == kind]


class Mutations(unittest.TestCase):
    def test_comparisons(self):
        self.assertEqual(changed('a = b < c;', 'comparison'), ['a = b <= c;'])
        self.assertEqual(changed('a = b >= c;', 'comparison'), ['a = b > c;'])
        self.assertEqual(changed('a = b == c != d;', 'comparison'), ['a = b != c != d;', 'a = b == c == d;'])
        self.assertEqual(changed('a->b = c << 1 >> d;', 'comparison'), [])

    def test_constants(self):
        self.assertEqual(changed('a = 7U;', 'constant'), ['a = 6U;', 'a = 8U;'])
        self.assertEqual(changed('a = 0;', 'constant'), ['a = 1;'])
        self.assertEqual(changed('a = 0x0fff;', 'constant'), ['a = 0x1000;', 'a = 0xffe;'])
        self.assertEqual(changed('a = b1 + "2" + \'3\'; /* 4 */', 'constant'), [])
        self.assertEqual(changed('A a = {0};', 'constant'), [])
        defined = '#define A1 5 /* 6 */\n#define B(x) 7\n'
        self.assertEqual([mutation.apply(defined)[:12] for mutation in mutations.mutations(defined)], ['#define A1 4', '#define A1 6'])

    def test_dropped_conditions(self):
        self.assertEqual(changed('return a && !b(c, d) && e;', 'condition'),
                         ['return !b(c, d) && e;', 'return a && e;', 'return a && e;', 'return a && !b(c, d);'])
        self.assertEqual(changed('x = a || b && c ? d : e;', 'condition'),
                         ['x = b && c ? d : e;', 'x = a ? d : e;', 'x = a || c ? d : e;', 'x = a || b ? d : e;'])
        self.assertEqual(changed('for (; a < 1 && b[i & 3]; i++)', 'condition'), ['for (; b[i & 3]; i++)', 'for (; a < 1; i++)'])

    def test_negations(self):
        self.assertEqual(changed('if (a(b))', 'negation'), ['if (!(a(b)))'])
        self.assertEqual(changed('a = !b;', 'negation'), ['a = b;'])

    def test_dropped_statements(self):
        self.assertEqual(changed('a(b);', 'call'), [';'])
        self.assertEqual(changed('(void)fsync(fd);', 'call'), [';'])
        self.assertEqual(changed('if (a)\n    b(c);', 'call'), [';'])
        self.assertEqual(changed('a = b(c);\nreturn d(e);', 'call'), [])
        self.assertEqual(changed('a->b[i].c |= d;', 'assignment'), [';'])
        self.assertEqual(changed('int a = b;\nchar *c = d;', 'assignment'), [])
        self.assertEqual(changed('if (fsync(fd) != 0)\n    return false;', 'check'), [';'])
        self.assertEqual(changed('if (a != 0)\n    return false;', 'check'), [])

    def test_of_the_project(self):
        """Each changes something, and brackets stay in pairs."""
        for path in sorted((SOURCE / 'core').glob('*.c')):
            text = path.read_text(encoding='utf-8')
            for mutation in mutations.mutations(text):
                after = mutation.apply(text)
                self.assertNotEqual(after, text)
                self.assertEqual([after.count(sign) - after.count(other) for sign, other in ('()', '{}', '[]')],
                                 [text.count(sign) - text.count(other) for sign, other in ('()', '{}', '[]')], mutation)


class Script(unittest.TestCase):
    """A project of one function, whose test overlooks something."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.project = pathlib.Path(folder.name) / 'project'
        for name in ('scripts/mutants', 'scripts/mutations.py'):
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, self.project / name)
        self.write('CMakeLists.txt', '''\
            cmake_minimum_required(VERSION 3.25)
            project(p LANGUAGES C)
            enable_testing()
            add_executable(limits core/limits.c test.c)
            add_test(NAME core-limits COMMAND limits)
            ''')
        self.write('core/limits.c', '''\
            int limits(int a, volatile int n) /* volatile: no compiler leaves out a loop over it */
            {
                if (a > 5)
                    return 9;
                while (n < 3)
                    n += 1;
                return (n + 0) * 1;
            }
            ''')
        self.write('test.c', '''\
            #include <stdio.h>
            int limits(int a, int n);
            int main(void)
            {
                puts("\\200"); /* no UTF-8: tests may print anything */
                return limits(7, 0) != 9 || limits(2, 0) != 3;
            }
            ''')

    def write(self, name, text):
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding='utf-8')

    def run_it(self, *arguments):
        return subprocess.run([sys.executable, '-B', self.project / 'scripts/mutants', *arguments], cwd=self.project, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, env={**os.environ, 'CC': os.environ['FIRSTPAYLOAD_CC']})

    def test_survivors_are_told_and_can_be_explained(self):
        done = self.run_it('core/limits.c:3', 'core/limits.c:7', '-j', '1')
        self.assertEqual((done.returncode, done.stderr), (1, ''))
        survivor = 'core/limits.c:3\n- if (a > 5)\n+ if (a > 4)'
        outcomes = re.findall(r'^\d+/7 core/limits.c:(\d) (\w+): (\w+)', done.stdout, re.M)
        self.assertEqual(sorted(outcomes), sorted([('3', 'negation', 'killed'), ('3', 'comparison', 'survived'), ('3', 'constant', 'survived'),
                                                   ('3', 'constant', 'survived'), ('7', 'constant', 'killed'), ('7', 'constant', 'killed'),
                                                   ('7', 'constant', 'killed')]), done.stdout)
        self.assertIn('\n\n' + survivor, done.stdout)

        self.write('report', done.stdout)
        done = self.run_it('-f', 'report', 'core', '-j', '1')
        self.assertRegex(done.stdout, r'core +3 +0 +3 +0 +0 +0\n')

        self.write('tests/mutants/explained', survivor.replace(':3', ':77') + '\nWhy: nobody passes 5.\n')
        done = self.run_it('core/limits.c:3', '-j', '1')
        self.assertRegex(done.stdout, r'core/limits.c:3 constant: explained\n')
        self.assertRegex(done.stdout, r'core +4 +1 +2 +1 +0 +0\n')
        self.assertNotIn('\n\n' + survivor, done.stdout)

    def test_what_never_ends_is_noticed(self):
        """A loop without end; and the source is as it was."""
        text = (self.project / 'core/limits.c').read_text(encoding='utf-8')
        done = self.run_it('core/limits.c:6', '-k', 'assignment', '--seconds', '1', '-j', '1')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, r'core/limits.c:6 assignment: killed by time\n')
        self.assertEqual((self.project / 'core/limits.c').read_text(encoding='utf-8'), text)

    def test_it_is_ended_with_its_tests(self):
        text = (self.project / 'core/limits.c').read_text(encoding='utf-8')
        built = self.project / 'build/mutants/build/limits'

        def running():
            found = []
            for exe in pathlib.Path('/proc').glob('[0-9]*/exe'):
                with contextlib.suppress(FileNotFoundError):  # it has just ended
                    found += [exe.parent] if os.readlink(exe) == str(built) else []
            return found

        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(number):
                run = subprocess.Popen([sys.executable, '-B', self.project / 'scripts/mutants', 'core/limits.c:6', '-k', 'assignment', '-j', '1'], cwd=self.project,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, 'CC': os.environ['FIRSTPAYLOAD_CC']})
                copy = self.project / 'build/mutants/source/core/limits.c'
                waiting.wait_for(lambda: copy.exists() and copy.read_text(encoding='utf-8') != text and running(), 'the endless test')
                run.send_signal(number)
                self.assertNotEqual(run.wait(waiting.PATIENCE_SECONDS), 0)
                self.assertEqual((running(), copy.read_text(encoding='utf-8')), ([], text))

    def test_tests_that_fail_by_themselves(self):
        self.write('test.c', 'int main(void) { return 1; }\n')
        done = self.run_it('core/limits.c:3', '-j', '1')
        self.assertEqual(done.returncode, 2)
        self.assertIn('without a change: core-limits failed', done.stderr)

    def test_arguments(self):
        listed = self.run_it('-l', 'core/limits.c:3', '-k', 'comparison')
        self.assertEqual((listed.returncode, listed.stdout), (0, 'core/limits.c:3\n- if (a > 5)\n+ if (a >= 5)\n'))
        self.assertEqual(self.run_it('-l', '-n', '3', '-s', '5', 'core').stdout, self.run_it('-l', '-n', '3', '-s', '5', 'core').stdout)
        self.assertEqual(self.run_it('--nothing').returncode, 64)
        self.assertEqual(self.run_it('core/none.c').returncode, 64)


class Explained(unittest.TestCase):
    def test_each_still_stands_there(self):
        """What is explained is a change that scripts/mutants makes."""
        listed = subprocess.run([sys.executable, '-B', SOURCE / 'scripts/mutants', '-l'], text=True, stdout=subprocess.PIPE, check=True).stdout
        marked = {re.sub(r':\d+\n', '\n', text.strip(), count=1) for text in listed.split('\n\n')}
        stale = []
        for paragraph in (SOURCE / 'tests/mutants/explained').read_text(encoding='utf-8').split('\n\n'):
            lines = [line for line in paragraph.strip().split('\n') if line and not line.startswith('#')]
            if lines and (not lines[-1].startswith('Why: ') or '\n'.join([*lines[:-1], '(explained)']) not in marked):
                stale.append(paragraph)
        self.assertEqual(stale, [])


if __name__ == '__main__':
    unittest.main()
