//go:build !unix

package bench

import "time"

// cpuTime is for unix only.
func cpuTime() time.Duration { return 0 }
