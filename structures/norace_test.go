//go:build !race

package structures

// alone is n, the rounds of a test in one goroutine, or less of it under the race detector.
func alone(n int) int { return n }
