package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// maxRequest is more than any request of ours; what is longer is a mistake.
const maxRequest = 1 << 20

// AnyBody approves of every body.
func AnyBody([]byte) error { return nil }

// checkBody reads the body, asks the rules for their opinion, and gives back a copy
// of the request that sends exactly what was read.
func checkBody(req *http.Request, rules []rule) (*http.Request, error) {
	out := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		for _, r := range rules {
			if r.Body == nil || r.Body(nil) == nil {
				return out, nil
			}
		}
		return nil, errors.New("it needs a body")
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxRequest+1))
	if err != nil {
		return nil, fmt.Errorf("its body cannot be read: %w", err)
	}
	if len(body) > maxRequest {
		return nil, fmt.Errorf("its body is longer than %d bytes", maxRequest)
	}
	why := errors.New("it may not have a body")
	for _, r := range rules {
		if r.Body == nil {
			if len(body) > 0 {
				continue
			}
		} else if err := r.Body(bytes.Clone(body)); err != nil {
			why = fmt.Errorf("its body: %w", err)
			continue
		}
		_ = req.Body.Close()
		out.ContentLength, out.TransferEncoding = int64(len(body)), nil
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, _ = out.GetBody()
		return out, nil
	}
	return nil, why
}

// ErrTooLarge says that an answer was longer than MaxBody. A cut answer is no
// answer.
var ErrTooLarge = errors.New("the answer is too large")

// limited is the body of an answer. It ends with an error rather than early.
type limited struct {
	body      io.ReadCloser
	left, max int64
	done      context.CancelFunc
	clean     func(error) error
	once      sync.Once
}

func (l *limited) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	// One byte more than allowed tells an answer that fits from one that does not.
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.body.Read(p)
	if int64(n) > l.left {
		n = int(l.left)
		l.left = 0
		return n, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, l.max)
	}
	l.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = l.clean(err)
	}
	return n, err
}

func (l *limited) Close() error {
	err := l.body.Close()
	l.once.Do(l.done)
	return err
}
