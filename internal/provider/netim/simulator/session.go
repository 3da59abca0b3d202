package simulator

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// session is one login to the API.
type session struct {
	token        string
	lang         string
	sync         int
	opened, used time.Time
}

// serve authenticates and routes.
func (s *Server) serve(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opt.Now()
	s.sessions = slices.DeleteFunc(s.sessions, func(one *session) bool { return now.Sub(one.used) >= s.opt.Idle })
	if !s.withinLimit(c, now) {
		return
	}
	if !strings.HasPrefix(c.req.Header.Get("Content-Type"), "application/json") {
		s.fail(c, http.StatusUnsupportedMediaType, contentType)
		return
	}
	if c.at(http.MethodPost, "session") {
		s.open(c, now)
		return
	}
	token, _ := strings.CutPrefix(c.req.Header.Get("Authorization"), "Bearer ")
	i := slices.IndexFunc(s.sessions, func(one *session) bool { return one.token == token })
	if i < 0 || token == "" {
		s.fail(c, http.StatusUnauthorized, noSession)
		return
	}
	me := s.sessions[i]
	me.used, c.lang = now, me.lang
	if !c.parse() {
		s.fail(c, http.StatusBadRequest, badJSON)
		return
	}
	s.route(c, me)
}

// withinLimit counts what was served in the last minute.
func (s *Server) withinLimit(c *call, now time.Time) bool {
	if s.opt.PerMinute == 0 {
		return true
	}
	s.minute = slices.DeleteFunc(s.minute, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(s.minute) >= s.opt.PerMinute {
		c.header.Set("Retry-After", "60")
		s.fail(c, http.StatusTooManyRequests, tooMany)
		return false
	}
	s.minute = append(s.minute, now)
	return true
}

// open opens a session. It wants a language and no body.
func (s *Server) open(c *call, now time.Time) {
	c.lang = c.req.Header.Get("Accept-Language")
	if c.lang != "EN" && c.lang != "FR" {
		s.fail(c, http.StatusNotAcceptable, noLanguage)
		return
	}
	basic, _ := strings.CutPrefix(c.req.Header.Get("Authorization"), "Basic ")
	pair, err := base64.StdEncoding.DecodeString(basic)
	switch {
	case err != nil || string(pair) != s.opt.ID+":"+s.opt.Secret:
		s.fail(c, http.StatusUnauthorized, badLogin)
		return
	case len(c.body) > 0:
		s.fail(c, http.StatusBadRequest, badJSON)
		return
	case len(s.sessions) >= s.opt.Places && s.opt.Overflow == OverflowRefused:
		s.fail(c, http.StatusBadRequest, noPlace)
		return
	case len(s.sessions) >= s.opt.Places:
		s.sessions = s.sessions[1:]
	}
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // which never fails
	me := &session{token: hex.EncodeToString(raw[:]), lang: c.lang, sync: 1, opened: now, used: now}
	s.sessions = append(s.sessions, me)
	c.say(http.StatusOK, map[string]any{"access_token": me.token})
}

func (m *session) show() map[string]any {
	return map[string]any{
		"IDSession": m.token[:8], "timeLogin": m.opened.Unix(), "timeLastActivity": m.used.Unix(), "lang": m.lang, "sync": m.sync,
	}
}

// sessionCalls are those about sessions; false when the call is not one.
func (s *Server) sessionCalls(c *call, me *session) bool {
	switch {
	case c.at(http.MethodGet, "session"):
		c.say(http.StatusOK, me.show())
	case c.at(http.MethodGet, "sessions"):
		all := []any{}
		for _, one := range s.sessions {
			all = append(all, one.show())
		}
		c.say(http.StatusOK, all)
	case c.at(http.MethodPatch, "session"):
		switch value := text(c.args, "value"); {
		case text(c.args, "type") == "lang" && (value == "EN" || value == "FR"):
			me.lang = value
		case text(c.args, "type") == "sync" && (value == "0" || value == "1"):
			me.sync = int(value[0] - '0')
		default:
			s.fail(c, http.StatusBadRequest, badValue)
			return true
		}
		c.say(http.StatusOK, me.show())
	case c.at(http.MethodDelete, "session"):
		s.sessions = slices.DeleteFunc(s.sessions, func(one *session) bool { return one == me })
		c.say(http.StatusOK, map[string]any{})
	default:
		return false
	}
	return true
}

// message is a text in the two languages of the API.
type message struct{ en, fr string }

var (
	contentType = message{"The content type must be application/json", "Le type de contenu doit être application/json"}
	noSession   = message{"Invalid session", "Session invalide"}
	badLogin    = message{"Invalid login or secret", "Identifiant ou secret invalide"}
	noLanguage  = message{"Accept-Language must be EN or FR", "Accept-Language doit être EN ou FR"}
	noPlace     = message{"Too many open sessions", "Trop de sessions ouvertes"}
	badJSON     = message{"Invalid JSON", "JSON invalide"}
	badValue    = message{"Invalid parameter", "Paramètre invalide"}
	noResource  = message{"Unknown resource", "Ressource inconnue"}
	noHosting   = message{"Unknown web hosting", "Hébergement inconnu"}
	noAction    = message{"Unknown action", "Action inconnue"}
	noUser      = message{"Unknown database user", "Utilisateur inconnu"}
	noDatabase  = message{"Unknown database", "Base de données inconnue"}
	notLinked   = message{"The user is not linked to the database", "L'utilisateur n'est pas lié à la base"}
	isLinked    = message{"The user is linked to a database", "L'utilisateur est lié à une base"}
	isThere     = message{"It exists already", "Existe déjà"}
	onHold      = message{"The web hosting is on hold", "L'hébergement est suspendu"}
	noTarget    = message{"No user is named", "Aucun utilisateur indiqué"}
	tooMany     = message{"Too many requests", "Trop de requêtes"}
	noOperation = message{"Unknown operation", "Opération inconnue"}
	itFailed    = message{"The operation could not be completed", "L'opération n'a pas abouti"}
)

func (m message) in(lang string) string {
	if lang == "FR" {
		return m.fr
	}
	return m.en
}

// fail answers with an error.
func (s *Server) fail(c *call, status int, m message) {
	c.status, c.answer = status, nil
	body := map[string]any{"message": m.in(c.lang)}
	switch s.opt.Errors {
	case ErrorEmpty:
		return
	case ErrorWithCode:
		body["code"] = status
	}
	c.say(status, body)
}
