package runner

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// eachLine calls f with every line of r, without its end, until r ends. Of a
// line longer than max f gets the first max bytes, and the number of those cut off.
func eachLine(r io.Reader, max int, f func(line []byte, cut int)) {
	in := bufio.NewReaderSize(r, 32<<10)
	var line []byte
	cut := 0
	for {
		part, err := in.ReadSlice('\n')
		full := err == nil
		if full {
			part = part[:len(part)-1]
		}
		room := min(max-len(line), len(part))
		line, cut = append(line, part[:room]...), cut+len(part)-room
		if full || err != bufio.ErrBufferFull && len(line) > 0 {
			f(line, cut)
			line, cut = line[:0], 0
		}
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
}

// gate lets a process say so many lines a second, and more for a moment.
type gate struct {
	rate, burst float64

	mu     sync.Mutex
	tokens float64 // guards tokens, at and left
	at     time.Time
	left   int // lines left out since the last notice
}

func newGate(rate int) *gate {
	return &gate{rate: float64(rate), burst: 4 * float64(rate), tokens: 4 * float64(rate), at: time.Now()}
}

// pass says whether one more line may pass now.
func (g *gate) pass() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.tokens = min(g.burst, g.tokens+g.rate*now.Sub(g.at).Seconds())
	g.at = now
	if g.tokens < 1 {
		g.left++
		return false
	}
	g.tokens--
	return true
}

// drop counts a line that was left out for another reason.
func (g *gate) drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left++
}

// notice says how many lines were left out since it was last asked; "" for none.
func (g *gate) notice() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.left
	g.left = 0
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("… %s lines left out", thousands(n))
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// logText makes a line safe to keep: at most max bytes of valid UTF-8. Control
// characters stay; JSON escapes them, and whoever shows them makes them visible.
func logText(line []byte, cut, max int) string {
	if len(line) > max {
		line, cut = line[:max], cut+len(line)-max
	}
	text := strings.ToValidUTF8(string(line), "\uFFFD")
	if cut > 0 {
		text += fmt.Sprintf("… %s bytes left out", thousands(cut))
	}
	return text
}
