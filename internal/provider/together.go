package provider

import "sync"

// Together does things side by side, as sync.WaitGroup does. What panics in one of them
// panics again in Wait, where somebody answers for it: in a goroutine of its own it would
// end the whole worker, and write into its log whatever it panicked with.
type Together struct {
	all   sync.WaitGroup
	mu    sync.Mutex
	panic any // the first
}

// Go starts one of them.
func (t *Together) Go(do func()) {
	t.all.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				t.mu.Lock()
				defer t.mu.Unlock()
				if t.panic == nil {
					t.panic = p
				}
			}
		}()
		do()
	})
}

// Wait waits for all of them.
func (t *Together) Wait() {
	t.all.Wait()
	if t.panic != nil {
		panic(t.panic)
	}
}
