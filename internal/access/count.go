package access

import "strconv"

// Count is a number with its noun: "1 grant", "2 grants".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
