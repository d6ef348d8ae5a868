# SPDX-License-Identifier: GPL-2.0-or-later
"""What a power cut may leave of files and folders, from a record of what a program did to them (record.c).

The model. A file has writes and truncations, a folder has names that came and went. What was done before an fsync(2) of that file or folder is on
the disk; of what was done since, anything may be. A power cut may come after each call. Then:

- **Data.** Of what was written to files since they were synced, all is there, or nothing, or all but the half of each file's last write, or all but
  each file's first: then zeros are in its place.
- **Names, as POSIX has them.** Each folder is by itself. Of its changes since it was synced, all are there, or none, in each combination of folders
  (up to 2^FOLDERS_MAX; beyond that, one folder at a time); or all but one change of one folder; or only that one. A rename within a folder is one
  change. A rename into another folder is two, one in each, the new name first: a file may have both names afterwards, or none if only the old
  folder was synced. A file that was synced has its bytes, but a name only if the folder was synced too, and a folder that was made only if the one around it was.
- **Names, as ext4 has them.** There is one journal. What is on the disk is what happened up to some call, and a rename is one change. It goes at
  least as far as the last change of each file or folder that was synced. (An fsync writes out the whole journal; that more is on the disk than
  asked for is one of the cases.) fdatasync(2) asks for it only if the file has become longer.

Data and names are combined. xfs, btrfs and f2fs order names as ext4 does or less, and never less than POSIX has them here.
"""
import dataclasses
import hashlib
import itertools
import os

FOLDERS_MAX = 4
DATA = ("all", "none", "half", "first")


@dataclasses.dataclass
class Node:
    """A file, a folder or a link."""
    kind: str                                     # file, folder, link
    at_first: object = b""                        # bytes of a file or the target of a link; name -> node of a folder
    changes: list = dataclasses.field(default_factory=list)   # (number of the call, change), the oldest first
    n_synced: int = 0                             # how many of these are on the disk
    touched: int = -1                             # the last call that changed its names, its own or its length
    now: object = None                            # of a folder, its names; of a file, its length
    mtime_ns: int = 0                             # of a file that was there before
    matters: bool = True                          # its bytes may be lost

    def applied(self, changes):
        """Returns its contents after some of its changes."""
        if self.kind == "folder":
            names = dict(self.at_first)
            for change in changes:
                for name, node in change:
                    names.pop(name, None)
                    if node is not None:
                        names[name] = node
            return names
        data = bytearray(self.at_first)
        for offset, new in changes:
            if new is None:
                del data[offset:]
            data.extend(bytes(max(0, offset - len(data))))
            data[offset:offset + len(new or b"")] = new or b""
        return bytes(data)


def read_record(path):
    """Yields the calls in a record, as lists of words; the last is bytes, or a path."""
    with open(path, "rb") as file:
        while line := file.readline():
            words = line.decode().rstrip("\n").split(" ")
            if words[0] in ("create", "mkdir", "rename", "symlink", "unlink", "arrive", "start"):
                words = [words[0], int(words[1]), " ".join(words[2:])]
            else:
                words = [words[0], *map(int, words[1:])]
            if words[0] in ("rename", "symlink"):
                words.append(file.read(words[1] + 1)[:-1].decode())
            elif words[0] == "write":
                words.append(file.read(words[3] + 1)[:-1])
            yield words


class Disk:
    """Empty folders under root (path -> inode number), and what calls make of them. no_promise: a pattern of paths of files whose bytes do
    not matter: they are taken as synced. hidden: the number of a sync that is taken as not made."""

    def __init__(self, root, folders, no_promise, hidden=None):
        self.root = root
        self.no_promise = no_promise
        self.hidden = hidden
        self.number = 0
        self.barrier = -1                          # the journal is on the disk up to this call
        self.syncs = []                            # (number, path) of all that was synced
        self.starts = []                           # the last call before each process
        self.by_inode = {inode: Node("folder", {}, now={}) for inode in folders.values()}
        self.nodes = list(self.by_inode.values())
        self.moved_to = {}                         # (id of a folder, number of the call) -> the folder to which a file went
        self.read = {}                             # what contents has said
        self.top = self.by_inode[folders["."]]
        for path, inode in folders.items():
            if path != ".":
                self.top.at_first[path] = self.top.now[path] = self.by_inode[inode]

    def arrive(self, path, data, mtime_ns, inode=0):
        """Somebody else has brought a file, and synced it and its folder. inode: its number, if it will be written to."""
        folder, name = self.resolve(path)
        node = self.by_inode[inode] = Node("file", data, now=len(data), mtime_ns=mtime_ns)
        self.nodes.append(node)
        self.change(folder, (name, node))
        folder.n_synced = len(folder.changes)
        self.barrier = self.number

    def resolve(self, path):
        """Returns the folder of a path, and the name there; None, None if it is not of this disk."""
        parts = os.path.relpath(os.path.normpath(path), self.root).split("/")
        folder = self.top
        for part in parts[:-1]:
            folder = folder.now.get(part) if part != ".." and folder is not None else None
        return (folder, parts[-1]) if folder is not None else (None, None)

    def path_of(self, node, folder=None, path=""):
        """Returns the path that a node has now, or None."""
        if node is self.top:
            return "."
        for name, other in (folder or self.top).now.items():
            if other is node:
                return path + name
            if other.kind == "folder" and (deeper := self.path_of(node, other, path + name + "/")):
                return deeper
        return None

    def change(self, folder, *names, moved_to=None):
        folder.changes.append((self.number, names))
        if moved_to is not None:
            self.moved_to[id(folder), self.number] = moved_to
        folder.touched = self.number
        for name, node in names:
            folder.now.pop(name, None)
            if node is not None:
                folder.now[name] = node
                node.touched = self.number

    def add(self, path, node):
        folder, name = self.resolve(path)
        if folder is not None:
            self.change(folder, (name, node))
        return folder is not None

    def rename(self, to, old):
        (to_folder, name), (from_folder, old_name) = self.resolve(to), self.resolve(old)
        if to_folder is None or from_folder is None:
            raise AssertionError(f"{old} was renamed to {to}: one of them is elsewhere")
        node = from_folder.now[old_name]
        if to_folder is from_folder:
            self.change(to_folder, (old_name, None), (name, node))
        else:
            self.change(to_folder, (name, node))
            self.change(from_folder, (old_name, None), moved_to=to_folder)

    def write(self, node, offset, data):
        length = offset if data is None else max(node.now, offset + len(data))
        if length != node.now:
            node.touched = self.number
        node.now = length
        node.changes.append((self.number, (offset, data)))
        if not node.matters:
            node.n_synced = len(node.changes)

    def sync(self, node, is_data_only):
        self.syncs.append((self.number, self.path_of(node)))
        if self.number == self.hidden:
            return
        node.n_synced = len(node.changes)
        if node.kind == "folder" or not is_data_only or any(n == node.touched for n, _ in node.changes):
            self.barrier = max(self.barrier, node.touched)

    def call(self, words):
        """Carries out one call. Returns whether it did anything that matters."""
        self.number += 1
        what, number, *rest = words
        if what in ("create", "mkdir"):
            node = Node("folder", {}, now={}) if what == "mkdir" else Node("file", b"", now=0, matters=not self.no_promise.fullmatch(rest[0]))
            if is_here := self.add(rest[0], node):
                self.by_inode[number] = node
                self.nodes.append(node)
            return is_here
        if what == "symlink":
            return self.add(rest[0], Node("link", rest[1]))
        if what == "unlink":
            return self.add(rest[0], None)
        if what == "rename":
            self.rename(*rest)
            return True
        node = self.by_inode.get(number)
        if node is not None and what in ("write", "truncate"):
            self.write(node, rest[0], rest[2] if what == "write" else None)
        elif node is not None:
            self.sync(node, what == "datasync")
        return node is not None and node.matters

    # What may be on the disk now

    def contents(self, node, data):
        """Returns a file's bytes."""
        key = (id(node), node.n_synced, len(node.changes), data)
        if key not in self.read:
            self.read[key] = self.read_contents(node, data)
        return self.read[key]

    @staticmethod
    def read_contents(node, data):
        synced = [c for _, c in node.changes[:node.n_synced]]
        since = [c for _, c in node.changes[node.n_synced:]]
        if data == "none":
            since = []
        elif data == "half" and since and since[-1][1]:
            since[-1] = (since[-1][0], since[-1][1][:len(since[-1][1]) // 2])
        elif data == "first" and since:
            since = since[1:]
        return node.applied(synced + since)

    def pending(self):
        """Returns the folders with changes that need not be on the disk, those nearest the top first."""
        folders, found = [self.top], []
        for folder in folders:
            if len(folder.changes) > folder.n_synced:
                found.append(folder)
            every = list(folder.at_first.values()) + [n for _, change in folder.changes for _, n in change if n is not None]
            for node in every:
                if node.kind == "folder" and not any(node is other for other in folders):
                    folders.append(node)
        return found

    def posix_choices(self):
        """Yields functions from a folder to those of its changes that are on the disk."""
        pending = self.pending()
        ids = [id(folder) for folder in pending]

        def choice(kept, but=None, only=None):
            def changes(folder):
                synced, since = folder.changes[:folder.n_synced], folder.changes[folder.n_synced:]
                if but is not None and but[0] is folder:
                    since = since[:but[1]] + since[but[1] + 1:]
                elif only is not None and only[0] is folder:
                    since = since[only[1]:only[1] + 1]
                elif id(folder) not in kept:
                    since = []
                return synced + since
            return changes

        if len(pending) <= FOLDERS_MAX:
            combinations = [set(c) for n in range(len(ids) + 1) for c in itertools.combinations(ids, n)]
        else:
            combinations = [set(), set(ids)] + [{i} for i in ids] + [set(ids) - {i} for i in ids]
        yield from (choice(kept) for kept in combinations)
        for folder in pending:
            n = len(folder.changes) - folder.n_synced
            yield from (choice(set(ids), but=(folder, i)) for i in range(n) if n > 1)
            yield from (choice(set(), only=(folder, i)) for i in range(n) if n > 1)

    def ext4_choices(self):
        numbers = sorted({number for folder in self.pending() for number, _ in folder.changes if number > self.barrier})
        for last in [self.barrier, *numbers]:
            yield lambda folder, last=last: [c for c in folder.changes if c[0] <= last]

    def image(self, choice, data):
        """Returns what is on the disk then: path -> (kind, node, contents)."""
        found = {}

        def is_possible(folder, change):
            """No file loses its old name before it has the new one, unless the old folder alone was synced."""
            to = self.moved_to.get((id(folder), change[0]))
            return to is None or change in folder.changes[:folder.n_synced] or any(c[0] == change[0] for c in choice(to))

        def look(folder, path):
            for name, node in folder.applied([c[1] for c in choice(folder) if is_possible(folder, c)]).items():
                if node.kind == "folder":
                    found[path + name] = ("folder", node, None)
                    look(node, path + name + "/")
                else:
                    found[path + name] = (node.kind, node, self.contents(node, data) if node.kind == "file" else node.at_first)
        look(self.top, "")
        return found

    def image_now(self):
        """Returns what programs see."""
        return self.image(lambda folder: folder.changes, "all")

    def images(self):
        """Yields all that may be on the disk if the power is cut now; some may be the same."""
        is_all_written = all(len(node.changes) == node.n_synced for node in self.nodes if node.kind == "file")
        for choice in itertools.chain(self.posix_choices(), self.ext4_choices()):
            for data in DATA[:1] if is_all_written else DATA:
                yield self.image(choice, data)


def digest(image):
    """Returns what two images have in common if nobody can tell them apart: names, bytes, and which names are of one file."""
    numbers, hashed = {}, hashlib.sha256()
    for path in sorted(image):
        kind, node, contents = image[path]
        hashed.update(repr((path, kind, numbers.setdefault(id(node), len(numbers)), contents)).encode())
    return hashed.digest()


def build(image, root):
    """Makes the files and folders of an image."""
    made = {}
    for path in sorted(image):
        kind, node, contents = image[path]
        where = os.path.join(root, path)
        if kind == "folder":
            os.makedirs(where, exist_ok=True)
        elif id(node) in made:
            os.link(made[id(node)], where)
        elif kind == "link":
            os.symlink(contents, where)
        else:
            with open(where, "wb") as file:
                file.write(contents)
            if node.mtime_ns:
                os.utime(where, ns=(node.mtime_ns, node.mtime_ns))
        made[id(node)] = where
