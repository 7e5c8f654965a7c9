//go:build ignore

package main

// reply sends an answer, or puts it where it waits for others. Its two pieces need
// two places in memory and not two calls: writev(2) takes both.
func reply(c *loop.Conn, header, payload []byte) {
	switch *how {
	case "each":
		send(c, 0, header, payload)
	case "more":
		send(c, unix.MSG_MORE, header)
		send(c, 0, payload)
	case "writev":
		if pieces = append(pieces, header, payload); len(pieces) == maxPieces {
			gather(c)
		}
	case "buffer":
		enqueue(c, header, payload)
	}
}
