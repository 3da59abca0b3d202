package plesk

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/severhq/sever/internal/provider/wire"
)

const agentPath = "/enterprise/control/agent.php"

// xmlAllowed is all that the XML API is ever sent.
var xmlAllowed = []wire.Allow{{Method: http.MethodPost, Pattern: agentPath, Body: checkPacket}}

// packet is one request with one operation. The order of fields is the order of
// elements, which is binding. There is no packet here that could name two users to
// delete, or a database of them.
type packet struct {
	XMLName   xml.Name  `xml:"packet"`
	Version   string    `xml:"version,attr"`
	Operation operation `xml:"database"`
}

// operation has exactly one of its fields.
type operation struct {
	GetDatabases *getDatabases `xml:"get-db"`
	GetUsers     *getUsers     `xml:"get-db-users"`
	SetPassword  *setPassword  `xml:"set-db-user"`
	DeleteUser   *deleteUser   `xml:"del-db-user"`
	AddUser      *addUser      `xml:"add-db-user"`
	SetDefault   *setDefault   `xml:"set-default-user"`
}

// getDatabases asks for all of them: its filter is always empty.
type getDatabases struct {
	Filter struct{} `xml:"filter"`
}

// getUsers asks for one user, for those of some databases, or for all. Reading is
// the only thing that an empty filter is good for.
type getUsers struct {
	Filter struct {
		ID        userID       `xml:"id,omitempty"`
		Databases []databaseID `xml:"db-id"`
	} `xml:"filter"`
}

// deleteUser names one user.
type deleteUser struct {
	Filter struct {
		ID userID `xml:"id"`
	} `xml:"filter"`
}

type setPassword struct {
	ID       userID `xml:"id"`
	Password string `xml:"password"`
	Kind     string `xml:"password-type"`
}

type addUser struct {
	Database     databaseID `xml:"db-id,omitempty"`
	Subscription int64      `xml:"webspace-id,omitempty"`
	Server       int64      `xml:"db-server-id,omitempty"`
	Login        string     `xml:"login"`
	Password     string     `xml:"password"`
	Kind         string     `xml:"password-type"`
	Hosts        *hosts     `xml:"acl"`
	Addresses    *addresses `xml:"allow-access-from"`
}

type hosts struct {
	Host []string `xml:"host"`
}

type addresses struct {
	Address []string `xml:"ip-address"`
}

type setDefault struct {
	Database databaseID `xml:"db-id"`
	User     userID     `xml:"default-user-id"`
}

const plainPassword = "plain"

// encode builds a packet and takes it apart again: a value that XML cannot carry, or
// that means more than one user, is an error here, before anything is sent.
func encode(version string, o operation) ([]byte, error) {
	p := packet{XMLName: xml.Name{Local: "packet"}, Version: version, Operation: o}
	body, err := p.bytes()
	if err != nil {
		return nil, err
	}
	back, err := decodePacket(body)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(back, p) {
		return nil, errors.New("a value cannot be written in XML as it is")
	}
	return body, nil
}

func (p packet) bytes() ([]byte, error) {
	inner, err := xml.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("build a packet: %w", err)
	}
	return append([]byte(xml.Header), inner...), nil
}

// checkPacket refuses every body that encode would not have made. The guard calls it
// with the bytes that are about to leave.
func checkPacket(body []byte) error {
	_, err := decodePacket(body)
	return err
}

// decodePacket reads a packet, and builds it again. Whatever is there twice, is
// unknown or is in another order is lost on the way, and so the bytes differ.
func decodePacket(body []byte) (packet, error) {
	var p packet
	if err := xml.Unmarshal(body, &p); err != nil {
		return p, errors.New("it is no packet")
	}
	if !versionRule.MatchString(p.Version) {
		return p, errors.New("the packet has no version")
	}
	if err := p.Operation.check(); err != nil {
		return p, err
	}
	same, err := p.bytes()
	if err != nil {
		return p, err
	}
	if !bytes.Equal(same, body) {
		return p, errors.New("the packet is not one of ours")
	}
	return p, nil
}

// check holds the values of the one operation against what it may do.
func (o operation) check() error {
	count := 0
	for _, there := range []bool{
		o.GetDatabases != nil, o.GetUsers != nil, o.SetPassword != nil, o.DeleteUser != nil, o.AddUser != nil, o.SetDefault != nil,
	} {
		if there {
			count++
		}
	}
	if count != 1 {
		return fmt.Errorf("the packet has %d operations", count)
	}
	switch {
	case o.DeleteUser != nil && o.DeleteUser.Filter.ID <= 0:
		return errors.New("the deletion names no user")
	case o.SetPassword != nil && o.SetPassword.ID <= 0:
		return errors.New("the change names no user")
	case o.SetPassword != nil:
		return checkPassword(o.SetPassword.Password, o.SetPassword.Kind)
	case o.SetDefault != nil && (o.SetDefault.Database <= 0 || o.SetDefault.User <= 0):
		return errors.New("the change names no database or no user")
	case o.AddUser != nil:
		return o.AddUser.check()
	case o.GetUsers != nil:
		return o.GetUsers.check()
	}
	return nil
}

func (g *getUsers) check() error {
	if g.Filter.ID < 0 || g.Filter.ID > 0 && len(g.Filter.Databases) > 0 {
		return errors.New("the question mixes filters")
	}
	for _, id := range g.Filter.Databases {
		if id <= 0 {
			return errors.New("the question names no database")
		}
	}
	return nil
}

func (a *addUser) check() error {
	one, all := a.Database > 0, a.Subscription > 0 && a.Server > 0
	if one == all || a.Database < 0 || a.Subscription < 0 || a.Server < 0 || one && (a.Subscription != 0 || a.Server != 0) {
		return errors.New("the new user belongs neither to one database nor to a subscription and a server")
	}
	var texts []string
	if a.Hosts != nil {
		texts = append(texts, a.Hosts.Host...)
	}
	if a.Addresses != nil {
		texts = append(texts, a.Addresses.Address...)
	}
	for _, text := range append(texts, a.Login) {
		if err := checkText(text); err != nil {
			return err
		}
	}
	return checkPassword(a.Password, a.Kind)
}

// maxText is more than any system allows in a login or a host.
const maxText = 255

// checkText refuses what Plesk's schemas would collapse or XML would replace.
func checkText(text string) error {
	switch {
	case text == "" || len(text) > maxText || !utf8.ValidString(text):
		return errors.New("a value is empty, too long or no text")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd || r == 0xfffe || r == 0xffff }):
		return errors.New("a value has control characters")
	case strings.Join(strings.Fields(text), " ") != text:
		return errors.New("a value has spaces that Plesk would change")
	}
	return nil
}

// minPassword is Plesk's own.
const minPassword = 6

func checkPassword(password, kind string) error {
	if kind != plainPassword || len(password) < minPassword {
		return errors.New("the password is not one that Plesk takes")
	}
	return checkText(password)
}
