//go:build ignore

package main

// drain answers each message that has arrived whole, and empties the buffer when
// the input has run dry: nobody else is here to wait for. The limits of enqueue
// stay for a read that holds more than the buffer may.
func drain(c *loop.Conn) error {
	data, whole := c.In, 0
	for !c.Closed() {
		payload, n, err := sock.NextFrame(data[whole:], *most)
		if err != nil {
			refuse(c, err)
			return nil
		}
		if n == 0 {
			break
		}
		m.Messages.Inc()
		reply(c, data[whole:whole+sock.FrameHeader], payload)
		whole += n
	}
	gather(c)
	flush(c)
	c.Take(min(whole, len(c.In)))
	return nil
}
