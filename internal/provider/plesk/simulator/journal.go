package simulator

import "slices"

// Request is one operation that reached the server.
type Request struct {
	// Op is the operation of the XML API, also where REST was asked.
	Op string
	// IDs are the users that it named; of set-default-user, the database and the user.
	IDs []int
	// Fault is true when trouble was arranged for it.
	Fault bool
}

// Journal is every operation that reached the server, in order.
func (s *Server) Journal() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Changes are those that change something.
func (s *Server) Changes() []Request {
	return slices.DeleteFunc(s.Journal(), func(r Request) bool { return !changing[r.Op] })
}

// Alarms are the requests that no client should ever send. There should be none.
func (s *Server) Alarms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.alarms)
}

// note writes the journal. The lock is held.
func (s *Server) note(op string, fault bool, ids ...int) {
	s.journal = append(s.journal, Request{Op: op, IDs: ids, Fault: fault})
}

func (s *Server) alarm(words string) { s.alarms = append(s.alarms, words) }
