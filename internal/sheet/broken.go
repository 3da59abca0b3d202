package sheet

import (
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
)

// Broken is every problem of a file as one error, and what did not happen for it.
func Broken(path string, problems []Problem, so string) *desk.Error {
	const most = 20
	f := desk.Invalidf("%s: %s, %s", path, access.Count(len(problems), "mistake"), so)
	for i, p := range problems {
		if i == most {
			f.Err = fmt.Errorf("%w\n  ... and %d more", f.Err, len(problems)-most)
			break
		}
		f.Err = fmt.Errorf("%w\n  %s", f.Err, p)
	}
	return f
}
