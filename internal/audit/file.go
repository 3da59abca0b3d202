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

// AppendCheckpoint adds to the file those checkpoints that are newer than its last one,
// and returns when the disk has them. Giving it every checkpoint of the database
// closes the gap that a crash between the two writes left.
func AppendCheckpoint(path string, checkpoints ...Checkpoint) error {
	have, err := ReadCheckpoints(path)
	if err != nil {
		return err
	}
	var last int64
	if len(have) > 0 {
		last = have[len(have)-1].No
	}
	var lines bytes.Buffer
	for _, c := range checkpoints {
		if c.No <= last {
			continue
		}
		text, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("append checkpoint %d: %w", c.No, err)
		}
		lines.Write(append(text, '\n'))
		last = c.No
	}
	if lines.Len() == 0 {
		return nil
	}
	if err := write(path, lines.Bytes()); err != nil {
		return fmt.Errorf("append checkpoints: %w", err)
	}
	return nil
}

// write puts text behind the last whole line of the file and waits for the disk.
func write(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	whole, err := wholeLines(path)
	if err != nil {
		return err
	}
	if err := f.Truncate(whole); err != nil {
		return err
	}
	if _, err := f.WriteAt(text, whole); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func wholeLines(path string) (int64, error) {
	text, err := os.ReadFile(path)
	return int64(bytes.LastIndexByte(text, '\n') + 1), err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
