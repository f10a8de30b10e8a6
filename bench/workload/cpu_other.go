//go:build !unix

package workload

import "time"

// CPUTime is for unix only.
func CPUTime() time.Duration { return 0 }
