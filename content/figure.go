package content

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
)

// svgElements is what a drawing may be made of: shapes, text and references
// inside the drawing. No script, style, link or foreign content.
var svgElements = strings.Fields(`svg g defs symbol use title desc path rect circle ellipse line polyline polygon
	text tspan marker linearGradient radialGradient stop clipPath mask pattern`)

// svgAttributes may stand on them. There is no style (the page's policy forbids
// it), no event and no reference outside.
var svgAttributes = strings.Fields(`id class href viewBox preserveAspectRatio x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy
	width height d points pathLength transform fill fill-opacity fill-rule stroke stroke-width stroke-opacity
	stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity color
	font-family font-size font-weight font-style text-anchor dominant-baseline alignment-baseline baseline-shift
	letter-spacing word-spacing text-decoration textLength lengthAdjust rotate writing-mode
	marker-start marker-mid marker-end markerWidth markerHeight markerUnits refX refY orient
	gradientUnits gradientTransform spreadMethod offset stop-color stop-opacity patternUnits patternTransform
	patternContentUnits clip-path clip-rule clipPathUnits mask maskUnits vector-effect shape-rendering text-rendering
	visibility display paint-order role lang`)

const svgNamespace = "http://www.w3.org/2000/svg"

// svgError is what is wrong with a drawing, and where.
type svgError struct {
	line int
	text string
}

func (e *svgError) Error() string { return e.text }

// reference finds url(…) in an attribute.
var reference = regexp.MustCompile(`(?i)url\(\s*['"]?([^'")]*)['"]?\s*\)`)

// drawing writes a lesson's SVG anew for a place inside a page: checked against
// the lists above, its ids with a prefix, named by the text alternative.
func drawing(text []byte, prefix, alternative string) (string, error) {
	if len(text) > 256<<10 {
		return "", &svgError{1, "a drawing has at most 256 KiB"}
	}
	s := svg{dec: xml.NewDecoder(bytes.NewReader(text)), prefix: prefix, alternative: alternative}
	for {
		t, err := s.dec.Token()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = s.token(t)
		}
		if err != nil {
			line, _ := s.dec.InputPos()
			return "", &svgError{line, strings.TrimPrefix(plainXML(err), "XML syntax error on ")}
		}
	}
	if s.out.Len() == 0 {
		return "", &svgError{1, "there is no <svg> in it"}
	}
	return strings.TrimSpace(s.out.String()), nil
}

func plainXML(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return err.Error()
}

// svg is a drawing while it is written anew.
type svg struct {
	dec         *xml.Decoder
	out         strings.Builder
	prefix      string
	alternative string
	depth       int
	done        bool
}

func (s *svg) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return s.start(t)
	case xml.EndElement:
		s.depth--
		s.done = s.depth == 0
		s.out.WriteString("</" + t.Name.Local + ">")
	case xml.CharData:
		if s.depth > 0 {
			s.out.WriteString(html.EscapeString(string(t)))
		}
	case xml.Directive:
		return errors.New("a drawing has no <!…>: remove it")
	}
	return nil // comments and the XML declaration are left out
}

func (s *svg) start(t xml.StartElement) error {
	name := t.Name.Local
	switch {
	case s.depth == 0 && (name != "svg" || s.done):
		return errors.New("a drawing is one <svg>")
	case t.Name.Space != svgNamespace && t.Name.Space != "":
		return fmt.Errorf("<%s> is not of SVG", name)
	case !slices.Contains(svgElements, name):
		return fmt.Errorf("<%s> is not allowed in a drawing: it may have %s", name, strings.Join(svgElements, ", "))
	case s.depth > 100:
		return errors.New("the drawing is nested too deeply")
	}
	s.out.WriteString("<" + name)
	if s.depth == 0 {
		fmt.Fprintf(&s.out, ` role="img" aria-label="%s"`, html.EscapeString(s.alternative))
	}
	for _, a := range t.Attr {
		if err := s.attribute(a); err != nil {
			return fmt.Errorf("<%s>: %w", name, err)
		}
	}
	s.out.WriteString(">")
	s.depth++
	return nil
}

func (s *svg) attribute(a xml.Attr) error {
	name, v := a.Name.Local, a.Value
	switch {
	case name == "xmlns" && a.Name.Space == "" || a.Name.Space == "xmlns":
		return nil // HTML knows the namespace
	case s.depth == 0 && (name == "role" || strings.HasPrefix(name, "aria-")):
		return nil // the text alternative says it
	case name == "style":
		return errors.New("style= is refused by the page's policy: use attributes like fill=")
	case a.Name.Space != "" || !slices.Contains(svgAttributes, name):
		return fmt.Errorf("the attribute %s is not allowed in a drawing", strings.TrimPrefix(a.Name.Space+":"+name, ":"))
	case name == "id":
		v = s.prefix + v
	case name == "href":
		if !strings.HasPrefix(v, "#") {
			return fmt.Errorf("href=%q: only #id, inside the drawing", v)
		}
		v = "#" + s.prefix + v[1:]
	default:
		var err error
		if v, err = s.paint(name, v); err != nil {
			return err
		}
	}
	fmt.Fprintf(&s.out, ` %s="%s"`, name, html.EscapeString(v))
	return nil
}

// paint gives each url(#id) of an attribute the drawing's prefix and refuses
// every other, also behind an escape of CSS.
func (s *svg) paint(name, v string) (string, error) {
	found := reference.FindAllStringSubmatch(v, -1)
	ok := len(found) == strings.Count(strings.ToLower(v), "url") && !strings.Contains(v, `\`)
	for _, m := range found {
		ok = ok && strings.HasPrefix(m[1], "#")
	}
	if !ok {
		return "", fmt.Errorf("%s=%q: only url(#id), inside the drawing", name, v)
	}
	return reference.ReplaceAllStringFunc(v, func(m string) string {
		return "url(#" + s.prefix + reference.FindStringSubmatch(m)[1][1:] + ")"
	}), nil
}
