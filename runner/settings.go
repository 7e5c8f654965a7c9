package runner

import "socketlabs/runner/observe"

// Settings reads what the kernel of this host is set to now; see
// observe.Settings.
func Settings() map[string]string { return observe.Settings() }
