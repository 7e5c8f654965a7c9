//go:build ignore

package main

// tend loads the certificate when its file has changed, and at SIGHUP. When the
// last third of its time begins, the CA issues another: if that fails, there is
// time for more attempts, and for an alarm.
func (f *folder) tend(hup <-chan os.Signal, changed, stop <-chan struct{}) {
	clock := time.NewTicker(200 * time.Millisecond)
	defer clock.Stop()
	for {
		left := time.Until(current.Load().Leaf.NotAfter)
		m.ExpirySeconds.Set(int(left.Seconds()))
		select {
		case <-stop:
			return
		case <-clock.C:
			if left < *lifetime/3 {
				f.reload(true)
			}
		case <-changed:
			f.reload(false)
		case <-hup:
			f.reload(true)
		}
	}
}
