//go:build !unix

package workload

import "time"

// cpuTime is for unix only.
func cpuTime() time.Duration { return 0 }
