package plesk

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// reply is an answer of the XML API as it came, before it is believed.
type reply struct {
	XMLName    xml.Name         `xml:"packet"`
	System     []result         `xml:"system"`
	Operations []replyOperation `xml:"database"`
}

type replyOperation struct {
	Parts []replyPart `xml:",any"`
}

// replyPart is the counterpart of one operation.
type replyPart struct {
	XMLName xml.Name
	Results []result `xml:"result"`
}

// result is one of possibly many: Plesk may do one thing and refuse another in the
// same answer, so nobody looks at the first one only.
type result struct {
	Status string `xml:"status"`
	Code   int    `xml:"errcode"`
	Text   string `xml:"errtext"`
	Filter string `xml:"filter-id"`
	ID     int64  `xml:"id"`

	// Of databases.
	Name         string `xml:"name"`
	Type         string `xml:"type"`
	Subscription int64  `xml:"webspace-id"`
	Server       int64  `xml:"db-server-id"`
	Default      int64  `xml:"default-user-id"`

	// Of users.
	Login     string    `xml:"login"`
	Database  int64     `xml:"db-id"`
	Hosts     hosts     `xml:"acl"`
	Addresses addresses `xml:"allow-access-from"`
}

var (
	errNoPacket = errors.New("it is no packet of Plesk's")
	errNotOurs  = errors.New("it answers another question")
)

// readReply takes an answer for what it is: turned away at the door, or the results
// of the one operation that was asked for. Anything else says nothing.
func readReply(body []byte, operation string) (door *result, results []result, err error) {
	var r reply
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&r); err != nil { //nolint:musttag // the name of an operation is a value
		return nil, nil, errNoPacket // its words may quote the body
	}
	if t, err := d.Token(); !errors.Is(err, io.EOF) {
		if text, ok := t.(xml.CharData); err != nil || !ok || strings.TrimSpace(string(text)) != "" {
			return nil, nil, errors.New("something follows the packet")
		}
	}
	switch {
	case len(r.System) == 1 && len(r.Operations) == 0:
		if r.System[0].Status != "error" {
			return nil, nil, errNotOurs
		}
		return &r.System[0], nil, nil
	case len(r.System) > 0 || len(r.Operations) != 1 || len(r.Operations[0].Parts) != 1:
		return nil, nil, errNotOurs
	}
	part := r.Operations[0].Parts[0]
	if part.XMLName.Local != operation {
		return nil, nil, errNotOurs
	}
	if len(part.Results) == 0 {
		return nil, nil, errors.New("it has no result")
	}
	for _, one := range part.Results {
		if one.Status != "ok" && one.Status != "error" {
			return nil, nil, fmt.Errorf("a result is neither ok nor error")
		}
	}
	return nil, part.Results, nil
}

// ofUser is the user that a result shows; false when it shows none.
func (r result) ofUser() (user, bool, error) {
	if r.ID == 0 && r.Login == "" {
		return user{}, false, nil
	}
	if r.ID <= 0 || r.Login == "" || r.Database < 0 {
		return user{}, false, errors.New("a user has no id or no login")
	}
	return user{
		ID: userID(r.ID), Login: r.Login, Database: databaseID(r.Database),
		Hosts: sortedTexts(r.Hosts.Host), Addresses: sortedTexts(r.Addresses.Address),
	}, true, nil
}

// ofDatabase is the database that a result shows; false when it shows none.
func (r result) ofDatabase() (database, bool, error) {
	if r.ID == 0 && r.Name == "" {
		return database{}, false, nil
	}
	if r.ID <= 0 || r.Name == "" || r.Type == "" || r.Subscription <= 0 || r.Server <= 0 || r.Default < 0 {
		return database{}, false, errors.New("a database has no id, name, type, subscription or server")
	}
	return database{
		ID: databaseID(r.ID), Name: r.Name, Type: r.Type, Subscription: r.Subscription, Server: r.Server, Default: userID(r.Default),
	}, true, nil
}

func sortedTexts(texts []string) []string {
	if len(texts) == 0 {
		return nil
	}
	out := slices.Clone(texts)
	slices.Sort(out)
	return slices.Compact(out)
}
