package simulator

import (
	"slices"
	"strconv"
	"time"
)

// count is the sliding window: every request counts for an hour from its own time.
// It is called with the lock held.
func (s *Server) count() (headers map[string]string, over reply) {
	now := s.o.Now()
	s.sent = slices.DeleteFunc(s.sent, func(at time.Time) bool { return now.Sub(at) >= time.Hour })
	minute := 0
	oldest := now
	for i := len(s.sent) - 1; i >= 0 && now.Sub(s.sent[i]) < time.Minute; i-- {
		minute++
		oldest = s.sent[i]
	}
	headers = map[string]string{}
	set := func(name string, n int) { headers["ratelimit-"+name] = strconv.Itoa(n) }
	limit := s.o.PerHour
	if limit < 0 {
		limit = 5000
	}
	set("limit", limit)
	switch {
	case s.o.PerMinute > 0 && minute >= s.o.PerMinute:
		over = failure(429, "too_many_requests", "API Rate limit exceeded.")
		headers["retry-after"] = strconv.Itoa(int((time.Minute - now.Sub(oldest) + time.Second - 1) / time.Second))
		set("remaining", 0)
	case s.o.PerHour > 0 && len(s.sent) >= s.o.PerHour:
		over = failure(429, "too_many_requests", "API Rate limit exceeded.")
		set("remaining", 0)
	default:
		s.sent = append(s.sent, now)
		set("remaining", max(limit-len(s.sent), 0))
	}
	frees := now.Add(time.Hour)
	if len(s.sent) > 0 {
		frees = s.sent[0].Add(time.Hour)
	}
	set("reset", int(frees.Unix()))
	return headers, over
}
