// Package words reads the words that clients send, and writes the numbers of replies. It splits
// lines into words as Redis does
// (sdssplitargs in sds.c): at spaces, but for those in quotes. Between double quotes, \n, \r, \t,
// \b, \a and \xff stand for bytes, and a backslash before any other byte for that byte; between
// single ones, only \' does. A line is a C string: what follows a NUL is not looked at.
package words

// Split returns the words of line, and false if its quotes are wrong.
func Split(line string) (list []string, ok bool) {
	text, cuts, ok := Append(nil, nil, line)
	if !ok {
		return nil, false
	}
	list, start := make([]string, len(cuts)), int32(0)
	for i, end := range cuts {
		list[i] = string(text[start:end])
		start = end
	}
	return list, true
}

// Append appends the words of line to text, one behind the other, and their ends to cuts. It
// returns false if a quote is not closed, or is closed before anything but a space.
func Append[T ~string | ~[]byte](text []byte, cuts []int32, line T) ([]byte, []int32, bool) {
	at := func(i int) byte {
		if i < len(line) {
			return line[i]
		}
		return 0
	}
	for i := 0; ; {
		for isSpace(at(i)) {
			i++
		}
		if at(i) == 0 {
			return text, cuts, true
		}
		for end := false; !end; {
			switch c := at(i); c {
			case ' ', '\n', '\r', '\t', 0: // fewer than isSpace has
				end = true
			case '"', '\'':
				var ok bool
				if text, i, ok = unquote(text, at, i+1, c); !ok {
					return text, cuts, false
				}
				end = true
			default:
				text = append(text, c)
				i++
			}
		}
		cuts = append(cuts, int32(len(text)))
	}
}

// unquote appends what begins at i and ends at a quote, and returns where it ends. Nothing
// but a space may follow.
func unquote(text []byte, at func(int) byte, i int, quote byte) ([]byte, int, bool) {
	for {
		c, next := at(i), at(i+1)
		switch {
		case c == 0:
			return text, i, false
		case c == quote:
			return text, i + 1, next == 0 || isSpace(next)
		case c == '\\' && quote == '\'' && next == '\'':
			text = append(text, '\'')
			i += 2
		case c == '\\' && quote == '"' && next == 'x' && isHex(at(i+2)) && isHex(at(i+3)):
			text = append(text, unhex(at(i+2))<<4|unhex(at(i+3)))
			i += 4
		case c == '\\' && quote == '"' && next != 0:
			text = append(text, escaped(next))
			i += 2
		default:
			text = append(text, c)
			i++
		}
	}
}

// escaped returns what c stands for behind a backslash.
func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

// isSpace is C's, in its own locale.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
