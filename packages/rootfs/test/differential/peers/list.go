// Reads names of archives, one a line, and prints what Go's archive/tar reads of each: a line of JSON, as
// ../peer-listing.ts has it. Bytes of names are characters U+0000 to U+00FF.
package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
)

type entry struct {
	Type   string            `json:"type"`
	Path   string            `json:"path"`
	Link   string            `json:"link"`
	Mode   int64             `json:"mode"`
	UID    int               `json:"uid"`
	GID    int               `json:"gid"`
	Size   int64             `json:"size"`
	Mtime  [2]int64          `json:"mtime"`
	Major  int64             `json:"major"`
	Minor  int64             `json:"minor"`
	SHA256 string            `json:"sha256"`
	Xattrs map[string]string `json:"xattrs"`
}

type listing struct {
	Entries []entry `json:"entries"`
	Error   string  `json:"error"`
}

// More than this is a hole without end.
const mostContent = 1 << 25

// The type flags of the members that containerd and Docker unpack; all others stop them.
var types = map[byte]string{
	tar.TypeReg: "file", tar.TypeRegA: "file", tar.TypeCont: "file", tar.TypeGNUSparse: "file",
	tar.TypeDir: "directory", tar.TypeSymlink: "symlink", tar.TypeLink: "hardlink",
	tar.TypeChar: "character", tar.TypeBlock: "block", tar.TypeFifo: "fifo",
}

func characters(text string) string {
	runes := make([]rune, len(text))
	for index := 0; index < len(text); index++ {
		runes[index] = rune(text[index])
	}
	return string(runes)
}

func list(path string) listing {
	result := listing{Entries: []entry{}}
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader := tar.NewReader(bufio.NewReader(file))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return result
		}
		if err != nil {
			result.Error = err.Error()
			return result
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		kind, known := types[header.Typeflag]
		if !known {
			result.Error = "type " + characters(string(header.Typeflag))
			return result
		}
		hash := sha256.New()
		size := int64(0)
		if kind == "file" {
			if size, err = io.CopyN(hash, reader, mostContent); err == nil {
				err = errors.New("too much content")
			}
			if err != io.EOF {
				result.Error = err.Error()
				return result
			}
		}
		found := entry{
			kind, characters(header.Name), characters(header.Linkname), header.Mode & 0o7777, header.Uid, header.Gid, size,
			[2]int64{header.ModTime.Unix(), int64(header.ModTime.Nanosecond())}, header.Devmajor, header.Devminor,
			hex.EncodeToString(hash.Sum(nil)), map[string]string{},
		}
		for keyword, value := range header.PAXRecords {
			if name := strings.TrimPrefix(keyword, "SCHILY.xattr."); name != keyword {
				found.Xattrs[characters(name)] = hex.EncodeToString([]byte(value))
			}
		}
		result.Entries = append(result.Entries, found)
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := out.Encode(list(lines.Text())); err != nil {
			panic(err)
		}
	}
}
