//go:build unix

package codecache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenRefusesDirectoriesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) (open string, err error)
		want    string
	}{
		"open to the group":   {mode(".", 0o750), "chmod 700"},
		"writable by a group": {mode(".", 0o770), "chmod 700"},
		"writable by all":     {mode(".", 0o777), "chmod 700"},
		"parent writable":     {mode("..", 0o777), "swap what lies in it"},
		"another's":           {another, "belongs to user"},
		"a file in its place": {func(dir string) (string, error) {
			return dir, errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600))
		}, "compile cache"},
		"a link": {func(dir string) (string, error) {
			return dir + "-link", os.Symlink(dir, dir+"-link")
		}, "is a symbolic link"},
		"a way through a link": {func(dir string) (string, error) {
			link := filepath.Dir(dir) + "-link"
			return filepath.Join(link, "cache"), errors.Join(os.Chmod(filepath.Dir(dir), 0o777), os.Symlink(filepath.Dir(dir), link))
		}, "swap what lies in it"},
		"a link that others can change": {func(dir string) (string, error) {
			open := filepath.Join(filepath.Dir(filepath.Dir(dir)), "open")
			link := filepath.Join(open, "link")
			return filepath.Join(link, "cache"), errors.Join(os.Mkdir(open, 0o700), os.Symlink(filepath.Dir(dir), link), os.Chmod(open, 0o777))
		}, "swap what lies in it"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "parent", "cache")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			open, err := c.prepare(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(open); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open: %v, want %q", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, keyFile)); err == nil {
				t.Error("it was written to all the same")
			}
		})
	}
}

// mode sets the one of what is at this path from the directory.
func mode(path string, mode os.FileMode) func(string) (string, error) {
	return func(dir string) (string, error) { return dir, os.Chmod(filepath.Join(dir, path), mode) }
}

// another returns a directory of another user than this one.
func another(dir string) (string, error) {
	if os.Geteuid() == 0 {
		return dir, os.Chown(dir, 65534, 65534)
	}
	return "/usr", nil
}

// A way through a link of the user's own is as good as any.
func TestOpenFollowsLinksOnTheWay(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "disk")
	if err := errors.Join(os.Mkdir(parent, 0o700), os.Symlink(parent, parent+"-link")); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(parent+"-link", "cache"))
}

func TestOpenMakesAPrivateDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	open(t, dir)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	info, err = os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: mode %v, %v", info.Mode(), err)
	}
}
