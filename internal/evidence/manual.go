package evidence

import _ "embed" // of the instructions

// manual is VERIFY.md, the same in every pack.
//
//go:embed VERIFY.md
var manual string
