package evidence

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// What a pack may hold. A case of ten thousand grants needs a tenth of it; a pack that
// needs more was not made by Build.
const (
	maxPack  = 512 << 20 // bytes of the archive
	maxFiles = 10_000
	maxFile  = 256 << 20 // bytes of one file, unpacked
	maxTotal = 512 << 20 // bytes of all files, unpacked
	maxRows  = 1_000_000
)

// archive packs files: the manifest and its signature first, the others by name, all
// with the time at which the pack was made.
func archive(files map[string][]byte, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	names := slices.Sorted(maps.Keys(files))
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
		h.SetMode(0o600)
		f, err := w.CreateHeader(h)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return out.Bytes(), nil
}

func place(name string) int {
	switch name {
	case manifestFile:
		return 0
	case signatureFile:
		return 1
	case manualFile:
		return 2
	}
	return 3
}

// unpack reads the files that a pack may have. It takes sizes from nobody's word: it
// stops reading where a limit is. Everything else in the archive is a finding.
func (v *verification) unpack(in io.ReaderAt, size int64) map[string][]byte {
	files := map[string][]byte{}
	if size > maxPack {
		v.add("", audit.Unreadable, fmt.Sprintf("the file has %d bytes; a pack has at most %d", size, maxPack))
		return files
	}
	z, err := zip.NewReader(in, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		v.add("", audit.Unreadable, "this is no archive: "+err.Error())
		return files
	}
	if len(z.File) > maxFiles {
		v.add("", audit.Unreadable, fmt.Sprintf("the archive has %d files; a pack has at most %d", len(z.File), maxFiles))
		return files
	}
	left := int64(maxTotal)
	for _, f := range z.File {
		_, twice := files[f.Name]
		switch {
		case !known(f.Name):
			v.add(f.Name, audit.Inserted, "no pack has a file of this name")
			continue
		case twice:
			v.add(f.Name, audit.Inserted, "the archive has two files of this name; the first one counts")
			continue
		}
		text, err := unpackOne(f, min(maxFile, left))
		if err != nil {
			v.add(f.Name, audit.Unreadable, err.Error())
			files[f.Name] = nil
			continue
		}
		left -= int64(len(text))
		files[f.Name] = text
	}
	return files
}

func unpackOne(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("it is larger than a pack may be: more than %d bytes", most)
	}
	return text, nil
}
