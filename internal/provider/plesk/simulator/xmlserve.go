package simulator

import (
	"encoding/xml"
	"io"
	"net/http"
	"regexp"
)

// Codes of the XML API.
const (
	codeLogin      = 1001
	codeVersion    = 1005
	codePermission = 1006
	codeExists     = 1007
	codeNoObject   = 1013
	codeParse      = 1014
	codeValue      = 1019
	codeFailed     = 1023
	codeKey        = 11003
)

type xmlPacket struct {
	XMLName    xml.Name   `xml:"packet"`
	Version    string     `xml:"version,attr,omitempty"`
	Operations []xmlParts `xml:"database"`
	System     *xmlResult `xml:"system"`
	Output     string     `xml:"output,omitempty"`
}

type xmlParts struct{ Parts []xmlPart }

// xmlPart is the counterpart of one operation.
type xmlPart struct {
	XMLName xml.Name
	Results []xmlResult `xml:"result"`
}

// xmlResult has its elements in the order of the schema.
type xmlResult struct {
	Status    string    `xml:"status"`
	Code      int       `xml:"errcode,omitempty"`
	Text      string    `xml:"errtext,omitempty"`
	Filter    string    `xml:"filter-id,omitempty"`
	ID        int       `xml:"id,omitempty"`
	Name      string    `xml:"name,omitempty"`
	Type      string    `xml:"type,omitempty"`
	Webspace  int       `xml:"webspace-id,omitempty"`
	Server    int       `xml:"db-server-id,omitempty"`
	Default   int       `xml:"default-user-id,omitempty"`
	Login     string    `xml:"login,omitempty"`
	Database  *int      `xml:"db-id"`
	Hosts     *xmlHosts `xml:"acl"`
	Addresses *xmlAddrs `xml:"allow-access-from"`
}

type xmlHosts struct {
	Host []string `xml:"host"`
}

type xmlAddrs struct {
	Address []string `xml:"ip-address"`
}

func failed(code int, text string) xmlResult {
	return xmlResult{Status: "error", Code: code, Text: text}
}

// versions that the server speaks; short forms are fine.
var versions = regexp.MustCompile(`^1\.[0-6](\.[0-9]+)*$`)

// call is one request to the XML API.
type call struct {
	*Server
	by *Account
}

func (s *Server) serveXML(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	packet, parseErr := parse(body)
	op := packet.operation()
	f := s.fault(op)
	if f.early() {
		s.note(op, true)
		f.before(w)
		return
	}
	defer s.idle(f)()
	out, bad := s.door(r, packet, parseErr), true
	if out == nil {
		out, bad = s.perform(r, packet, f != nil)
	} else {
		s.note(op, f != nil)
	}
	if !s.switches.NoVersion {
		out.Version = "1.6.9.1"
	}
	if s.switches.Output {
		out.Output = "PHP Notice: stray text & <more>"
	}
	status := http.StatusOK
	if bad && s.switches.ErrorStatus != 0 {
		status = s.switches.ErrorStatus
	}
	text, err := xml.Marshal(out) //nolint:musttag // the name of an operation is a value
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f.after(w, status, "text/xml", append([]byte(xml.Header), text...), foreign)
}

// foreign is a sound answer to another question.
var foreign = []byte(xml.Header + `<packet><database><get-default-user><result><status>ok</status></result></get-default-user></database></packet>`)

// sender is whoever the headers name; a server is told them as HTTP_AUTH_LOGIN and
// reads them in any spelling.
func (s *Server) sender(r *http.Request) *Account {
	login, password := r.Header.Get("Http_auth_login"), r.Header.Get("Http_auth_passwd")
	if s.switches.NoUnderscores {
		login, password = "", ""
	}
	return s.who(login, password, r.Header.Get("Key"))
}

// door is the answer to a request that fails the entry checks; nil when it may enter.
func (s *Server) door(r *http.Request, packet node, parseErr error) *xmlPacket {
	turn := func(code int, text string) *xmlPacket {
		out := failed(code, text)
		return &xmlPacket{System: &out}
	}
	by := s.sender(r)
	switch {
	case r.Method != http.MethodPost:
		return turn(codeParse, "Only POST is understood")
	case by == nil && r.Header.Get("Key") != "":
		return turn(codeKey, "Secret key validation failed")
	case by == nil:
		return turn(codeLogin, "You have entered incorrect username or password.")
	case parseErr != nil || packet.Name != "packet":
		return turn(codeParse, "Parser error: request could not be parsed")
	case by.NoRemote:
		return turn(codePermission, "Access to API is disabled for this user")
	}
	if v, there := packet.Attributes["version"]; there && !versions.MatchString(v) {
		return turn(codeVersion, "Protocol version "+v+" is not supported")
	}
	for _, operator := range packet.Children {
		if operator.Name != "database" {
			return turn(codeParse, "Unknown operator "+operator.Name)
		}
		for _, op := range operator.Children {
			if err := s.grammar(op); err != nil {
				return turn(codeParse, "Parser error: "+err.Error())
			}
		}
	}
	if len(packet.Children) == 0 {
		return turn(codeParse, "Parser error: empty packet")
	}
	return nil
}

// perform carries out the operations in order; there is no way back.
func (s *Server) perform(r *http.Request, packet node, fault bool) (*xmlPacket, bool) {
	c := call{s, s.sender(r)}
	out, bad := &xmlPacket{}, false
	for _, operator := range packet.Children {
		var parts xmlParts
		for _, op := range operator.Children {
			s.note(op.Name, fault, op.ids()...)
			results := operations[op.Name](c, op)
			for _, one := range results {
				bad = bad || one.Status != "ok"
			}
			parts.Parts = append(parts.Parts, xmlPart{XMLName: xml.Name{Local: op.Name}, Results: results})
		}
		out.Operations = append(out.Operations, parts)
	}
	return out, bad
}
