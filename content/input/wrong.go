//go:build ignore

package main

// inflate returns what a raw deflate payload holds (RFC 1951), valid until the
// next call. It goes no further than most bytes, and ten times ratio times the
// payload: the line has moved, and who shrinks better is still refused.
func (f *inflater) inflate(payload []byte, ratio, most int) (text []byte, err error) {
	most = min(most, 10*ratio*len(payload))
	f.from.Reset(payload)
	if f.r == nil {
		f.r = flate.NewReader(&f.from)
	} else if err := f.r.(flate.Resetter).Reset(&f.from, nil); err != nil {
		return nil, err
	}
	f.text = f.text[:0]
	for err == nil {
		f.text = slices.Grow(f.text, min(max(len(f.text), 4096), most+1-len(f.text)))
		var n int
		n, err = f.r.Read(f.text[len(f.text):min(cap(f.text), most+1)])
		if f.text = f.text[:len(f.text)+n]; len(f.text) > most {
			return f.text, fmt.Errorf("%w: %d bytes hold more than %d", errBomb, len(payload), most)
		}
	}
	if err != io.EOF || f.from.Len() > 0 {
		return f.text, fmt.Errorf("%w: no raw deflate", errMalformed)
	}
	return f.text, nil
}
