//go:build ignore

package main

// handOver gives k its place in the queue if its turn comes in time, or refuses it
// while that costs nothing. How long the others take is not known: k's own work is
// the estimate, and since an estimate is no promise, the queue may fill half of it.
func handOver(k *call) {
	k.body = append([]byte(nil), k.body...) // not the buffer that it came in
	var own time.Duration
	if len(k.body) >= 4 {
		own = min(time.Duration(binary.BigEndian.Uint32(k.body))*time.Microsecond, time.Second)
	}
	before := time.Duration(len(turns)) * own / time.Duration(*capacity)
	inTime := k.due.IsZero() || time.Until(k.due) >= 2*before+own
	m.Queue.Inc()
	if inTime && kept <= maxKept {
		select {
		case turns <- k:
			return
		default:
		}
	}
	m.Queue.Dec()
	m.Refused.Inc()
	reply(k, busy, binary.BigEndian.AppendUint32(nil, uint32(retryAfter.Milliseconds())))
}
