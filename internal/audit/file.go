package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadCheckpoints reads checkpoints from the file outside the database, one JSON object a
// line. A file that is not there has none. A last line without its line feed is a
// write that was cut short, and is left out; any other broken line is an error
// that names it.
func ReadCheckpoints(path string) ([]Checkpoint, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	var out []Checkpoint
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines[:len(lines)-1] {
		c, err := readLine(line)
		if err != nil {
			return out, fmt.Errorf("read checkpoints: %s, line %d: %w", path, i+1, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func readLine(line []byte) (c Checkpoint, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if _, err := d.Token(); err != io.EOF {
		return c, errors.New("something follows the checkpoint")
	}
	return c, nil
}

// LastCheckpoint is the number of the last whole checkpoint in the file; zero when
// there is none.
func LastCheckpoint(path string) (int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read checkpoints: %w", err)
	}
	defer func() { _ = f.Close() }()
	line, _, err := lastLine(f)
	if err != nil || line == nil {
		return 0, err
	}
	c, err := readLine(line)
	if err != nil {
		return 0, fmt.Errorf("read checkpoints: %s, last line: %w", path, err)
	}
	return c.No, nil
}

// AppendCheckpoint adds to the file those checkpoints that are newer than its last one,
// and returns when the disk has them. Giving it every checkpoint after
// LastCheckpoint closes the gap that a crash between the two writes left. Several
// processes may append to one file.
func AppendCheckpoint(path string, checkpoints ...Checkpoint) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("append checkpoints: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }() // and with it the lock
	if err := lock(f); err != nil {
		return fmt.Errorf("append checkpoints: lock %s: %w", path, err)
	}
	line, whole, err := lastLine(f)
	if err != nil {
		return fmt.Errorf("append checkpoints: %w", err)
	}
	var last Checkpoint
	if line != nil {
		if last, err = readLine(line); err != nil {
			return fmt.Errorf("append checkpoints: %s, last line: %w", path, err)
		}
	}
	var lines bytes.Buffer
	for _, c := range checkpoints {
		if c.No <= last.No {
			continue
		}
		text, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("append checkpoint %d: %w", c.No, err)
		}
		lines.Write(append(text, '\n'))
		last = c
	}
	if lines.Len() == 0 {
		return nil
	}
	if err := write(f, whole, lines.Bytes()); err != nil {
		return fmt.Errorf("append checkpoints: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// write puts text behind the last whole line of the file and waits for the disk.
func write(f *os.File, whole int64, text []byte) error {
	if err := f.Truncate(whole); err != nil {
		return err
	}
	if _, err := f.WriteAt(text, whole); err != nil {
		return err
	}
	return f.Sync()
}

// lastLine is the last line that has its line feed, without it, and where the next
// one begins. It reads from the end: the file grows for years.
func lastLine(f *os.File) (line []byte, whole int64, err error) {
	const block = 1 << 16
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	var tail []byte
	for at := end; at > 0; {
		n := min(at, block)
		at -= n
		head := make([]byte, n, n+int64(len(tail)))
		if _, err := f.ReadAt(head, at); err != nil {
			return nil, 0, err
		}
		tail = append(head, tail...)
		feed := bytes.LastIndexByte(tail, '\n')
		if feed < 0 {
			continue // all that we have is a write that was cut short
		}
		if before := bytes.LastIndexByte(tail[:feed], '\n'); before >= 0 || at == 0 {
			return tail[before+1 : feed], at + int64(feed) + 1, nil
		}
	}
	return nil, 0, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
