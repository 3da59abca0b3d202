package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/sheet"
)

// document is a file in memory.
type document []byte

func (d document) sum() string {
	s := sha256.Sum256(d)
	return hex.EncodeToString(s[:])
}

// maxFile keeps a file that was named by mistake out of our memory.
const maxFile = 64 << 20

func (a *app) readInput(path string) (document, string, error) {
	var in io.Reader = a.stdin
	source := "standard input"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, "", desk.Invalidf("%w", err)
		}
		defer f.Close()
		in, source = f, filepath.Base(path)
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("it is larger than 64 MiB")
	}
	if err != nil {
		return nil, "", desk.Invalidf("read %s: %w", path, err)
	}
	return text, source, nil
}

// connectionRule is what makes the name of a connection acceptable. A misspelt name
// would hide an account for ever, so names that cannot be checked are refused.
func (a *app) connectionRule(unchecked bool) (func(string) error, error) {
	conns, err := a.connections()
	switch {
	case err != nil:
		return nil, err
	case conns != nil:
		defer conns.Close() // names are known without being open
		return knownConnection(conns), nil
	case unchecked:
		return nil, nil
	}
	return nil, desk.Invalidf("no connections are configured here, so their names cannot be checked").
		Then("set SEVER_CONNECTIONS (sever help settings), or say --unchecked")
}

// problem is one mistake in a file.
type problem = sheet.Problem

// badFile is every problem of a file that was to be imported.
func badFile(path string, problems []problem) *desk.Error {
	return sheet.Broken(path, problems, "nothing was imported")
}
