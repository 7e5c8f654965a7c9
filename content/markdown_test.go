package content

import (
	"html/template"
	"strings"
	"testing"
)

func renderOne(t testing.TB, src string) string {
	t.Helper()
	var out strings.Builder
	if err := markdown("ko").Convert([]byte(src), &out); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(out.String()), "<p>"), "</p>")
}

func TestEmphasis(t *testing.T) {
	for _, tt := range []struct{ why, in, want string }{
		{"a particle after punctuation", "**샘플링 1%**로", "<strong>샘플링 1%</strong>로"},
		{"after a parenthesis", "**엣지(ET)**는 변화를", "<strong>엣지(ET)</strong>는 변화를"},
		{"after a quotation mark", `**“몰림”**이라고`, "<strong>“몰림”</strong>이라고"},
		{"after a full stop", "**멈췄다면 기억해야 합니다.**다시", "<strong>멈췄다면 기억해야 합니다.</strong>다시"},
		{"after code", "**`EAGAIN`**을 봅니다", "<strong><code>EAGAIN</code></strong>을 봅니다"},
		{"code inside, a letter before", "그것은**`EAGAIN`**입니다", "그것은<strong><code>EAGAIN</code></strong>입니다"},
		{"before a parenthesis", "**레벨 트리거**(level-triggered)는", "<strong>레벨 트리거</strong>(level-triggered)는"},
		{"a quotation opens after a letter", `말은**"네"**였다`, "말은<strong>&quot;네&quot;</strong>였다"},
		{"a link inside", "**[스톨](edge)**이", `<strong><a href="edge">스톨</a></strong>이`},
		{"one star", "*큐(Recv-Q)*가", "<em>큐(Recv-Q)</em>가"},
		{"two in a sentence", "**가(1)**와 **나(2)**는", "<strong>가(1)</strong>와 <strong>나(2)</strong>는"},
		{"both kinds", "***셋!***은", "<em><strong>셋!</strong></em>은"},
		{"Japanese", "**重要（注意）**です", "<strong>重要（注意）</strong>です"},
		{"inside a word", "한**가운데**서", "한<strong>가운데</strong>서"},
		{"a space keeps it text", "2 * 3 * 4는", "2 * 3 * 4는"},
		{"a space inside keeps it text", "** 가 **는", "** 가 **는"},
		{"escaped", `\*\*가\*\*는`, "**가**는"},
		{"in code it is code", "`**가**`는", "<code>**가**</code>는"},
		{"never closed", "**가(나)는", "**가(나)는"},

		{"CommonMark: left-flanking", "**foo bar**", "<strong>foo bar</strong>"},
		{"CommonMark: a letter before punctuation", `a**"foo"**`, "a**&quot;foo&quot;**"},
		{"CommonMark: a letter after punctuation", `**"foo"**a`, "**&quot;foo&quot;**a"},
		{"CommonMark: nested", "*foo **bar** baz*", "<em>foo <strong>bar</strong> baz</em>"},
		{"CommonMark: rule of three", "*foo**bar**baz*", "<em>foo<strong>bar</strong>baz</em>"},
		{"CommonMark: rule of three, not closed", "*foo**bar*", "<em>foo**bar</em>"},
		{"CommonMark: low line in a word", "foo_bar_baz", "foo_bar_baz"},
		{"CommonMark: low line", "_foo_ bar", "<em>foo</em> bar"},
		{"CommonMark: four stars", "****foo****", "<strong><strong>foo</strong></strong>"},
	} {
		if got := renderOne(t, tt.in); got != tt.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", tt.why, tt.in, got, tt.want)
		}
	}
}

func TestMath(t *testing.T) {
	for _, tt := range []struct{ why, in, want string }{
		{"in the line", `a \(x < y\) b`, `a <span class="math">x &lt; y</span> b`},
		{"on its own", `\[x^2\]`, `<span class="math" data-display>x^2</span>`},
		{"with dollars", "$$a_1 * b * c$$", `<span class="math" data-display>a_1 * b * c</span>`},
		{"over lines", "$$\na +\nb\n$$", "<span class=\"math\" data-display>a +\nb</span>"},
		{"one dollar is money", "$5 and $6", "$5 and $6"},
		{"never closed", `\(x and $$y`, `(x and $$y`},
		{"an escaped backslash", `\\(x\\)`, `\(x\)`},
		{"empty", `$$$$`, `$$$$`},
		{"in code it is code", "`$$a$$`", "<code>$$a$$</code>"},
		{"markup is text", `\(<b>\)`, `<span class="math">&lt;b&gt;</span>`},
		{"no placeholder inside", `\(2^{{k}}\)`, `<span class="math">2^{{k}}</span>`},
	} {
		if got := renderOne(t, tt.in); got != tt.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", tt.why, tt.in, got, tt.want)
		}
	}
}

func TestParsePlaceholder(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Placeholder
		bad  bool
	}{
		{in: "run:stall ask.size", want: Placeholder{false, "stall", "ask.size", ""}},
		{in: "author:a-b load.p50 | ms", want: Placeholder{true, "a-b", "load.p50", "ms"}},
		{in: "run:a x || y", want: Placeholder{false, "a", "x || y", ""}},
		{in: "run:a x || y|%", want: Placeholder{false, "a", "x || y", "%"}},
		{in: `run:a kernel.cpu / seconds \| %`, want: Placeholder{false, "a", "kernel.cpu / seconds", "%"}}, // in a table
		{in: " run:a  x ", want: Placeholder{false, "a", "x", ""}},
		{in: "run:a", bad: true},
		{in: "runs:a x", bad: true},
		{in: "run:A x", bad: true},
		{in: "run:a x | furlongs", bad: true},
		{in: "", bad: true},
	} {
		got, wrong := parsePlaceholder(tt.in)
		if (wrong != "") != tt.bad || !tt.bad && got != tt.want {
			t.Errorf("%q: %+v, %q", tt.in, got, wrong)
		}
	}
}

func TestDrawing(t *testing.T) {
	const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">`
	for _, tt := range []struct{ why, in, want, err string }{
		{"shapes", head + `<path d="M0 0h4"/></svg>`, `<svg role="img" aria-label="a &lt; b" viewBox="0 0 4 4"><path d="M0 0h4"></path></svg>`, ""},
		{"ids are the place's own", head + `<g id="a"/><use href="#a" fill="url(#a)"/></svg>`, `<svg role="img" aria-label="a &lt; b" viewBox="0 0 4 4"><g id="p-a"></g><use href="#p-a" fill="url(#p-a)"></use></svg>`, ""},
		{"text is escaped", head + `<text>&lt;&amp;</text></svg>`, `<svg role="img" aria-label="a &lt; b" viewBox="0 0 4 4"><text>&lt;&amp;</text></svg>`, ""},
		{"a script", head + `<script>x</script></svg>`, "", "<script> is not allowed"},
		{"a script of HTML", head + `<script xmlns="http://www.w3.org/1999/xhtml">x</script></svg>`, "", "<script> is not of SVG"},
		{"foreign content", head + `<foreignObject/></svg>`, "", "<foreignObject> is not allowed"},
		{"an image", head + `<image href="https://a.example/x.png"/></svg>`, "", "<image> is not allowed"},
		{"an animation", head + `<animate/></svg>`, "", "<animate> is not allowed"},
		{"a link", head + `<a href="#x"/></svg>`, "", "<a> is not allowed"},
		{"a style element", head + `<style>*{}</style></svg>`, "", "<style> is not allowed"},
		{"a style", head + `<g style="fill:red"/></svg>`, "", "style= is refused"},
		{"an event", head + `<g onclick="x()"/></svg>`, "", "the attribute onclick is not allowed"},
		{"an event of another name space", `<svg xmlns="http://www.w3.org/2000/svg" xmlns:e="u"><g e:onclick="x()"/></svg>`, "", "the attribute u:onclick is not allowed"},
		{"a reference outside", head + `<use href="https://a.example/#x"/></svg>`, "", "only #id"},
		{"a reference of XLink", `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="#x"/></svg>`, "", "xlink:href is not allowed"},
		{"a paint outside", head + `<g fill="url(https://a.example/x)"/></svg>`, "", "only url(#id)"},
		{"a paint outside in quotation marks", head + `<g fill="url( 'data:x' )"/></svg>`, "", "only url(#id)"},
		{"a paint that is not closed", head + `<g fill="url(x"/></svg>`, "", "only url(#id)"},
		{"a paint outside, escaped", head + `<g fill="u\72l(https://a.example/x)"/></svg>`, "", "only url(#id)"},
		{"a paint outside, in capitals", head + `<g fill="URL(https://a.example/x)"/></svg>`, "", "only url(#id)"},
		{"a document type", `<!DOCTYPE svg>` + head + `</svg>`, "", "remove it"},
		{"two drawings", head + `</svg>` + head + `</svg>`, "", "a drawing is one <svg>"},
		{"HTML", `<p>x</p>`, "", "a drawing is one <svg>"},
		{"not closed", head + `<g>`, "", "unexpected EOF"},
		{"nothing", ``, "", "there is no <svg> in it"},
		{"an entity", head + `<text>&nbsp;</text></svg>`, "", "invalid character entity"},
	} {
		got, err := drawing([]byte(tt.in), "p-", "a < b")
		switch {
		case tt.err == "" && (err != nil || got != tt.want):
			t.Errorf("%s: %v\ngot  %s\nwant %s", tt.why, err, got, tt.want)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: got %v, want %s", tt.why, err, tt.err)
		}
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[template.HTML]string{
		"<p>a</p>\n<p>b</p>":                                                                "a b",
		"<li>a</li><li>b</li>":                                                              "a b",
		"<p><strong>엣지</strong>는 &lt;변화&gt;</p>":                                            "엣지는 <변화>",
		`<p>in <data class="measured" data-n="0"></data>s</p>`:                              "in s",
		`<figure class="figure"><svg><text>x</text></svg></figure>y`:                        "y",
		`a<sup id="ko-fnref:1"><a href="#ko-fn:1" class="footnote-ref">1</a></sup>는`:        "a는",
		`<a href="https://a.example/" rel="external">a &gt; b</a>`:                          "a > b",
		`b&#160;<a href="#ko-fnref:1" class="footnote-backref" role="doc-backlink">↩︎</a>c`: "b c",
	} {
		if got := plainText(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
