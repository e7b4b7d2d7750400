#pragma once

/// The commit that the program was built from: 12 hexadecimal digits, with `+changes` at the end if files differed from
/// it, or the empty text if it is not known. Package.swift defines it.
const char *latchkey_build_commit(void);
