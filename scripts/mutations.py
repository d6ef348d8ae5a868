# SPDX-License-Identifier: GPL-2.0-or-later
"""Small changes in C, each of which a test should notice: mutations(text) lists them. Made for the style of this project, as clang-format has it."""

import dataclasses
import re

TOKEN = re.compile(
    r'''(?P<gap>\s+|/\*.*?\*/|//[^\n]*|\#[^\n]*(?:\\\n[^\n]*)*)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|'''
    r'(?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b)|(?P<name>\w+)|'
    r'(?P<sign>->|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|.)',
    re.DOTALL)
COMPARISONS = {'<': ['<='], '<=': ['<'], '>': ['>='], '>=': ['>'], '==': ['!='], '!=': ['==']}
DEFINED = re.compile(r'^#define \w+ .*', re.MULTILINE)
NUMBER = re.compile(r'(?<![\w"])(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)(?![\w."])')
OPEN, CLOSE = '([{', ')]}'
ASSIGNMENTS = {'=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='}
LEAVES = {'return', 'goto', 'break', 'continue'}


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    begin: int

    @property
    def end(self):
        return self.begin + len(self.text)


@dataclasses.dataclass(frozen=True)
class Mutation:
    kind: str
    begin: int  # what stands there,
    end: int  # up to here,
    new: str  # is replaced by this

    def apply(self, text):
        return text[:self.begin] + self.new + text[self.end:]

    def line(self, text):
        return text.count('\n', 0, self.begin) + 1

    def lines(self, text):
        """The lines that it changes, without indentation: as they are, and as they become. What is empty is left out."""
        first = text.rfind('\n', 0, self.begin) + 1
        last = text.find('\n', self.end)
        last = len(text) if last < 0 else last
        before = text[first:last]
        after = text[first:self.begin] + self.new + text[self.end:last]
        return tuple([line.strip() for line in part.split('\n') if line.strip()] for part in (before, after))


class Source:
    """The tokens of a text, and how they belong together."""

    def __init__(self, text):
        self.content = text
        found = (Token(match.lastgroup, match.group(), match.start()) for match in TOKEN.finditer(text))
        self.tokens = [token for token in found if token.kind != 'gap']
        self.partner = {}
        opened = []
        for i, token in enumerate(self.tokens):
            if token.kind == 'sign' and token.text in OPEN:
                opened.append(i)
            elif token.kind == 'sign' and token.text in CLOSE and opened:
                other = opened.pop()
                self.partner[i], self.partner[other] = other, i
        self.bodies = [(i, end) for i, end in self.partner.items() if self.text(i) == '{' and self.text(i - 1) == ')']

    def text(self, i):
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ''

    def kind(self, i):
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ''

    def operand(self, i, step, ends):
        """From the operator i, which is no part of it, as far as its operand goes."""
        while 0 < i + step < len(self.tokens):
            at = i + step
            opens = self.text(at) in (OPEN if step > 0 else CLOSE) and self.kind(at) == 'sign'
            closes = self.text(at) in (CLOSE if step > 0 else OPEN) and self.kind(at) == 'sign'
            if closes or self.text(at) in ends:
                break
            i = self.partner.get(at, at) if opens else at
        return i

    def is_statement_begin(self, i):
        """Whether a statement begins at token i."""
        before = self.text(i - 1)
        if before == ')':
            opened = self.partner.get(i - 1, i)
            return self.text(opened - 1) in ('if', 'while', 'for', 'switch')
        return before in ('{', '}', ';', 'else') or (before == ':' and self.text(i - 3) == 'case' or self.text(i - 2) == 'default')

    def statement_end(self, i):
        """The semicolon that ends the statement that begins at token i, or None if that is of another kind."""
        while i < len(self.tokens) and self.text(i) != ';':
            if self.text(i) in ('{', '}'):
                return None
            i = self.partner.get(i, i) + 1
        return i if i < len(self.tokens) else None

    def in_function(self, i):
        """Whether token i stands in a function, not in a table or a structure."""
        return any(begin < i < end for begin, end in self.bodies)


def constants(begin, digits, suffix):
    value = int(digits, 0) if not digits.startswith('0') or digits[1:2] in ('x', 'X') else int(digits, 8)
    for other in (value + 1, value - 1):
        if other >= 0:
            new = f'{other:#x}' if digits[1:2] in ('x', 'X') else str(other)
            yield Mutation('constant', begin, begin + len(digits) + len(suffix), new + suffix)


def of_number(source, i):
    token = source.tokens[i]
    if token.kind != 'number' or (source.text(i - 1) == '{' and source.text(i + 1) == '}'):
        return  # {0} clears a structure
    match = NUMBER.fullmatch(token.text)
    if match is not None:
        yield from constants(token.begin, *match.groups())


def of_comparison(source, i):
    token = source.tokens[i]
    if token.kind == 'sign':
        for new in COMPARISONS.get(token.text, []):
            yield Mutation('comparison', token.begin, token.end, new)


def of_condition(source, i):
    """a && b becomes a, and b; so does a || b."""
    token = source.tokens[i]
    if token.kind != 'sign' or token.text not in ('&&', '||'):
        return
    ends = {'&&', '||', '?', ':', ',', ';', 'return'} | ASSIGNMENTS
    right = source.operand(i, 1, ends - {'&&'} if token.text == '||' else ends)
    left = source.operand(i, -1, ends - {'&&'} if token.text == '||' else ends)
    yield Mutation('condition', source.tokens[i - 1].end, source.tokens[right].end, '')
    yield Mutation('condition', source.tokens[left].begin, source.tokens[i + 1].begin, '')


def of_negation(source, i):
    """if (a) becomes if (!(a)), and !a becomes a."""
    token = source.tokens[i]
    if token.text in ('if', 'while') and source.text(i + 1) == '(':
        begin, end = source.tokens[i + 1].end, source.tokens[source.partner[i + 1]].begin
        yield Mutation('negation', begin, end, f'!({source.content[begin:end]})')
    elif token.kind == 'sign' and token.text == '!':
        yield Mutation('negation', token.begin, token.end, '')


def is_call(source, i):
    """Whether the statement at i is name(...); or (void)name(...);"""
    if [source.text(i + n) for n in range(3)] == ['(', 'void', ')']:
        i += 3
    if source.kind(i) != 'name' or source.text(i) in LEAVES | {'if', 'while', 'for', 'switch', 'do', 'sizeof'} or source.text(i + 1) != '(':
        return False
    return source.text(source.partner[i + 1] + 1) == ';'


def is_assignment(source, i):
    """Whether the statement at i is a = ...; and no declaration."""
    while source.text(i) == '*':
        i += 1
    if source.kind(i) != 'name':
        return False
    i += 1
    while source.text(i) in ('->', '.', '['):
        i = source.partner[i] + 1 if source.text(i) == '[' else i + 2
    return source.text(i) in ASSIGNMENTS


def is_checked_call(source, i):
    """Whether the statement at i is if (... name(...) ...) return ...; or the like."""
    if source.text(i) != 'if' or source.text(i + 1) != '(':
        return False
    closed = source.partner[i + 1]
    calls = any(source.kind(at) == 'name' and source.text(at + 1) == '(' for at in range(i + 2, closed))
    end = source.statement_end(closed + 1)
    return calls and source.text(closed + 1) in LEAVES and end is not None and source.text(end + 1) != 'else'


def of_statement(source, i):
    """A call, an assignment, a call that is checked: left out."""
    if not source.is_statement_begin(i):
        return
    kind = 'call' if is_call(source, i) else 'assignment' if is_assignment(source, i) else 'check' if is_checked_call(source, i) else None
    end = source.statement_end(i) if kind else None
    if end is not None and source.in_function(i):
        yield Mutation(kind, source.tokens[i].begin, source.tokens[end].end, ';')


def of_defined(text):
    """Constants that the preprocessor knows."""
    for line in DEFINED.finditer(text):
        if '(' in line.group().split(' ', 2)[1] or line.group().endswith('\\'):
            continue
        rest = line.group().split('/*')[0]
        for match in NUMBER.finditer(rest, len(' '.join(rest.split(' ', 2)[:2]))):
            yield from constants(line.start() + match.start(), *match.groups())


def mutations(text):
    """All of them, in the order of the text."""
    source = Source(text)
    found = list(of_defined(text))
    for i in range(len(source.tokens)):
        for changes in (of_number, of_comparison, of_condition, of_negation, of_statement):
            found += changes(source, i)
    return sorted(found, key=lambda mutation: (mutation.begin, mutation.end, mutation.new))
