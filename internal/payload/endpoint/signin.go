package endpoint

import (
	"fmt"
	"net/http"
)

// form is the page at which a browser signs in. It is the same for everybody.
const form = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sever: read encrypted histories</title>
<style>body{font:16px sans-serif;max-width:30em;margin:3em auto}input{font:inherit;width:100%%;box-sizing:border-box}</style>
<h1>Read encrypted histories</h1>
<p>%s</p>
<form method="post" action="/">
<p><label>Token of this endpoint<br><input type="password" name="token" autocomplete="off" autofocus></label></p>
<p><button>Sign in</button></p>
</form></html>
`

const maxForm = 4 << 10 // bytes

func (e *endpoint) page(w http.ResponseWriter, _ *http.Request) {
	e.show(w, http.StatusOK, "Sign in, and the pages of Temporal in this browser show what is encrypted.")
}

func (e *endpoint) show(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, form, words)
}

// signIn gives a browser that knows the token a cookie instead. Pages of another site
// never get it sent along, so the interface has to be on the same site as this endpoint:
// localhost and localhost, or two names below one domain.
func (e *endpoint) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		e.show(w, http.StatusBadRequest, "That could not be read. Try again.")
		return
	}
	if !e.knows(r.PostForm.Get("token")) {
		e.show(w, http.StatusUnauthorized, "That is not the token of this endpoint. Try again.")
		return
	}
	until := e.now().Add(signedFor)
	//nolint:gosec // not Secure where the browser came without TLS: on this machine it does
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: e.signed(until.Unix()), Path: "/", Expires: until,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"})
	e.show(w, http.StatusOK, "Signed in for "+signedFor.String()+". Reload the page of Temporal.")
}
