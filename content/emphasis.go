package content

import (
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// emphasis parses * beside Korean, Chinese and Japanese. CommonMark asks for a
// space or a punctuation mark between a closing ** that follows punctuation and
// the next letter; Korean particles follow at once: **샘플링 1%**로. Here a CJK
// letter counts as such a neighbour (as in the markdown-cjk-friendly proposal);
// everything else is CommonMark 0.31, 6.2.
type emphasis struct{}

func (emphasis) Trigger() []byte { return []byte{'*'} }

func (e emphasis) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	d := parser.ScanDelimiter(line, before, 1, e)
	if d == nil {
		return nil
	}
	after := ' '
	if rest := line[d.OriginalLength:]; len(rest) > 0 {
		after, _ = utf8.DecodeRune(rest)
	}
	d.CanOpen = d.CanOpen || !util.IsSpaceRune(after) && isCJK(before)
	d.CanClose = d.CanClose || !util.IsSpaceRune(before) && isCJK(after)
	d.Segment = segment.WithStop(segment.Start + d.OriginalLength)
	block.Advance(d.OriginalLength)
	pc.PushDelimiter(d)
	return d
}

func (emphasis) IsDelimiter(b byte) bool { return b == '*' }

func (emphasis) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}

func (emphasis) OnMatch(consumes int) ast.Node { return ast.NewEmphasis(consumes) }

// isCJK says whether r belongs to Korean, Chinese or Japanese text: letters,
// their punctuation (U+3000 to U+303F) and full-width forms.
func isCJK(r rune) bool {
	return unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}
