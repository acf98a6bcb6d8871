"""What the checkers share: the files of a tree, C text without comments and strings, and how findings are printed."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def root_argument():
	"""The tree to check: the first argument that is no option, else this repository."""
	names = [a for a in sys.argv[1:] if not a.startswith("-")]
	return os.path.abspath(names[0]) if names else ROOT


def files(root, *suffixes):
	"""Relative paths below ROOT with one of SUFFIXES, sorted: what git knows or does not ignore, else all."""
	if os.path.exists(os.path.join(root, ".git")):
		out = subprocess.run(["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True,
			text=True, check=True).stdout
		names = [n for n in out.split("\0") if n and os.path.isfile(os.path.join(root, n))]
	else:
		names = [os.path.relpath(os.path.join(at, n), root) for at, _, ns in os.walk(root) for n in ns]
	return sorted({n for n in names if n.endswith(suffixes)})


def read(root, name):
	with open(os.path.join(root, name), encoding="utf-8", errors="replace") as f:
		return f.read()


def strip_c(text, keep_strings=False):
	"""(TEXT with comments and string contents as blanks, lines that hold a // comment). Line numbers stay."""
	out, slashes, i, line, n = [], [], 0, 1, len(text)
	while i < n:
		two = text[i:i + 2]
		if two == "/*":
			end = text.find("*/", i + 2)
			end = n if end < 0 else end + 2
		elif two == "//":
			slashes.append(line)
			end = text.find("\n", i)
			end = n if end < 0 else end
		elif text[i] in "\"'":
			end = i + 1
			while end < n and text[end] != text[i] and text[end] != "\n":
				end += 2 if text[end] == "\\" else 1
			end = min(end + 1, n)
		else:
			out.append(text[i])
			line += text[i] == "\n"
			i += 1
			continue
		piece = text[i:end]
		quoted = text[i] in "\"'"
		if quoted and keep_strings:
			out.append(piece)
		elif quoted:
			out.append(piece[0] + "".join("\n" if c == "\n" else " " for c in piece[1:-1]) + piece[-1])
		else:
			out.append("".join("\n" if c == "\n" else " " for c in piece))
		line += piece.count("\n")
		i = end
	return "".join(out), slashes


def finish(name, findings, checked):
	"""Prints the findings, or one line saying that all is well; the exit status."""
	for finding in findings:
		print(finding)
	if findings:
		print("%s: %d finding%s" % (name, len(findings), "s" if len(findings) > 1 else ""))
		return 1
	print("%s: %s" % (name, checked))
	return 0
