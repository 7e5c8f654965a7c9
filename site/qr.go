package site

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"
)

// qr is a QR code as a drawing: dark modules on a light ground, with the quiet zone
// that readers need.
type qr struct {
	Size int    // modules on a side
	Path string // of SVG: a row of dark modules after the other
}

func qrOf(text string) (*qr, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	rows := code.Bitmap()
	var path strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return &qr{len(rows), path.String()}, nil
}
