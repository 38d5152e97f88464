#!/usr/bin/env python3
"""core stands on the C library alone: every symbol that the archive leaves open is on a short list of pure functions.
usage: links.py libcuiban_core.a"""
import subprocess
import sys

ALLOWED = set("""
__assert_fail abort calloc free malloc realloc qsort bsearch strtol strtoll strtoull strtod
explicit_bzero memchr memcmp memcpy memmove memset strchr strcmp strcspn strdup strlen strncmp strndup strrchr strspn strstr strpbrk strsep strcasecmp
strncasecmp memmem strnlen asprintf vasprintf snprintf vsnprintf __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc
__errno_location __stack_chk_fail _GLOBAL_OFFSET_TABLE_ exit
""".split())
FORTIFIED = {f"__{name}_chk" for name in ALLOWED} | {f"__isoc99_{name}" for name in ALLOWED} | {f"__isoc23_{name}" for name in ALLOWED} | {"__memcpy_chk"}

archive = sys.argv[1]
defined, wanted = set(), set()
for line in subprocess.run(["nm", archive], capture_output=True, text=True, check=True).stdout.splitlines():
    parts = line.split()
    if len(parts) == 2 and parts[0] in "Uw":
        wanted.add(parts[1])
    elif len(parts) == 3:
        defined.add(parts[2])
ignored = ("__asan", "__ubsan", "__sanitizer", "__gcov", "__tsan", "__lsan")
foreign = sorted(s for s in wanted - defined - ALLOWED - FORTIFIED if not s.startswith(ignored))
print("\n".join(f"core needs {symbol}, which is not a pure function of the C library" for symbol in foreign))
print(f"{len(wanted - defined)} symbols looked at, {len(foreign)} foreign")
sys.exit(1 if foreign else 0)
