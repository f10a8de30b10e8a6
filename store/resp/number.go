package resp

// shortNumber takes from b what nearly all such lines are: up to 9 digits. It returns the
// bytes of the line, with its end; 0 if b begins otherwise, or does not have all of it.
func shortNumber(b []byte, kind byte) (n int64, size int) {
	if len(b) < 4 || b[0] != kind || b[1] == '0' && b[2] != '\r' {
		return 0, 0
	}
	for i, c := range b[1:min(len(b)-1, 11)] {
		switch {
		case '0' <= c && c <= '9':
			n = 10*n + int64(c-'0')
		case c == '\r' && i > 0:
			return n, i + 3
		default:
			return 0, 0
		}
	}
	return 0, 0
}
