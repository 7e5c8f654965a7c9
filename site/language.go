package site

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// preferred returns the language that a browser wants: what was chosen here
// before, what it accepts (RFC 9110, 12.5.4), or Korean.
func preferred(r *http.Request) string {
	if c, err := r.Cookie("lang"); err == nil && spoken(c.Value) {
		return c.Value
	}
	best, weight := languages[0], 0.0
	for item := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, q := quality(item)
		if spoken(tag) && q > weight {
			best, weight = tag, q
		}
	}
	return best
}

// quality splits "en-GB;q=0.7" into the language and its weight.
func quality(item string) (lang string, q float64) {
	tag, params, weighted := strings.Cut(item, ";")
	lang, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	if !weighted {
		return lang, 1
	}
	value, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
	q, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || !(q >= 0 && q <= 1) {
		return lang, 0
	}
	return lang, q
}

func spoken(lang string) bool { return slices.Contains(languages[:], lang) }

// language returns the language that the address says.
func language(r *http.Request) string {
	lang, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if spoken(lang) {
		return lang
	}
	return preferred(r)
}

// remember keeps the language of the page in a cookie, so that / leads back to
// it. Scripts write it too, and it is no secret.
func remember(w http.ResponseWriter, r *http.Request, lang string) {
	if c, err := r.Cookie("lang"); err == nil && c.Value == lang {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "lang", Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteStrictMode})
}
