package rdb

import "encoding/binary"

// What a payload of FUNCTION DUMP has before each library, by the opcodes of RDB.
const (
	opLibrary    = 245
	opLibraryOld = 246 // of 7.0's release candidates
)

// libraryError is what is wrong with a library, in Redis's words.
type libraryError string

func (e libraryError) Error() string { return string(e) }

// EncodeLibraries returns the payload of FUNCTION DUMP for libraries of functions, of each of
// which there is the source.
func EncodeLibraries(sources []string) []byte {
	e := newEncoder()
	defer e.free()
	for _, source := range sources {
		e.typ(opLibrary)
		e.text(source)
	}
	return seal(e.b, e.version)
}

// DecodeLibraries calls add with the source of each library in a payload, until it returns an
// error, which DecodeLibraries returns then. It returns [ErrVersion] for what Decode does, and
// of what makes no library an error in Redis's words.
func DecodeLibraries(payload []byte, add func(source string) error) error {
	if !sealed(payload) {
		return ErrVersion
	}
	d := decoder{b: payload} // with the footer, as Redis does
	for len(d.b) > footerLen {
		source, err := d.library()
		if err == nil {
			err = add(source)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// library reads a library (rdbFunctionLoad in rdb.c).
func (d *decoder) library() (source string, err error) {
	part := func(name string) (text string) {
		if err == nil {
			if text = d.text(); d.bad {
				err = libraryError("Failed loading " + name)
			}
		}
		return text
	}
	switch d.byte() {
	case opLibrary:
		return part("library payload"), err
	case opLibraryOld:
		name, engine := part("library name"), part("engine name")
		if err == nil {
			if described := d.len(); d.bad {
				err = libraryError("Failed loading library description indicator")
			} else if described != 0 {
				part("library description")
			}
		}
		return "#!" + engine + " name=" + name + "\n" + part("library blob"), err
	}
	return "", libraryError("given type is not a function")
}

// sealed says whether a payload ends with a version that is known, and its checksum.
func sealed(payload []byte) bool {
	if len(payload) < footerLen {
		return false
	}
	footer := payload[len(payload)-footerLen:]
	return binary.LittleEndian.Uint16(footer) <= version74 &&
		binary.LittleEndian.Uint64(footer[2:]) == Checksum(payload[:len(payload)-8])
}
