//go:build race

package structures

// alone is what n is here: the race detector finds nothing in what one goroutine does.
func alone(n int) int { return max(1, n/20) }
