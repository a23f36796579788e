// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"maps"
	"slices"
)

// CreateShelf makes a shelf.
func (s *Service) CreateShelf(ctx context.Context, name string, height int32, tags map[string]string) error {
	return s.call(ctx, Call{Action: "CreateShelf", Name: name, Write: true}, func() (string, string) {
		if s.shelves[name] != nil {
			return CodeTaken, "a shelf " + name + " exists"
		}
		s.shelves[name] = &Shelf{Name: name, ARN: ARN("shelf", name), Height: height, Tags: maps.Clone(tags)}
		return "", ""
	})
}

// DescribeShelf tells of a shelf.
func (s *Service) DescribeShelf(ctx context.Context, name string) (found *Shelf, err error) {
	err = s.call(ctx, Call{Action: "DescribeShelf", Name: name}, func() (string, string) {
		shelf := s.shelves[name]
		if shelf == nil {
			return CodeNotFound, "no shelf " + name
		}
		found = copyOf(shelf, &shelf.Tags)
		return "", ""
	})
	return found, err
}

// ResizeShelf sets the height of a shelf.
func (s *Service) ResizeShelf(ctx context.Context, name string, height int32) error {
	return s.call(ctx, Call{Action: "ResizeShelf", Name: name, Write: true}, func() (string, string) {
		shelf := s.shelves[name]
		if shelf == nil {
			return CodeNotFound, "no shelf " + name
		}
		shelf.Height = height
		return "", ""
	})
}

// DeleteShelf deletes a shelf on which no box stands.
func (s *Service) DeleteShelf(ctx context.Context, name string) error {
	return s.call(ctx, Call{Action: "DeleteShelf", Name: name, Write: true}, func() (string, string) {
		shelf := s.shelves[name]
		if shelf == nil {
			return CodeNotFound, "no shelf " + name
		}
		for _, box := range s.boxes {
			if box.ShelfARN == shelf.ARN {
				return CodeInUse, "boxes stand on the shelf " + name
			}
		}
		delete(s.shelves, name)
		return "", ""
	})
}

// CreateBox makes a box on a shelf that exists.
func (s *Service) CreateBox(ctx context.Context, name, shelfARN, colour string, height int32, tags map[string]string) error {
	return s.call(ctx, Call{Action: "CreateBox", Name: name, Write: true}, func() (string, string) {
		switch {
		case s.boxes[name] != nil:
			return CodeTaken, "a box " + name + " exists"
		case !s.hasShelf(shelfARN):
			return CodeNotFound, "no shelf " + shelfARN
		}
		s.boxes[name] = &Box{Name: name, ARN: ARN("box", name), ShelfARN: shelfARN, Colour: colour, Height: height, Tags: maps.Clone(tags)}
		return "", ""
	})
}

// DescribeBox tells of a box.
func (s *Service) DescribeBox(ctx context.Context, name string) (found *Box, err error) {
	err = s.call(ctx, Call{Action: "DescribeBox", Name: name}, func() (string, string) {
		box := s.boxes[name]
		if box == nil {
			return CodeNotFound, "no box " + name
		}
		found = copyOf(box, &box.Tags)
		return "", ""
	})
	return found, err
}

// PaintBox sets the colour of a box.
func (s *Service) PaintBox(ctx context.Context, name, colour string) error {
	return s.change(ctx, "PaintBox", name, func(box *Box) { box.Colour = colour })
}

// MoveBox puts a box onto another shelf.
func (s *Service) MoveBox(ctx context.Context, name, shelfARN string) error {
	return s.change(ctx, "MoveBox", name, func(box *Box) { box.ShelfARN = shelfARN })
}

// DeleteBox deletes a box.
func (s *Service) DeleteBox(ctx context.Context, name string) error {
	return s.change(ctx, "DeleteBox", name, func(box *Box) { delete(s.boxes, box.Name) })
}

func (s *Service) change(ctx context.Context, action, name string, do func(*Box)) error {
	return s.call(ctx, Call{Action: action, Name: name, Write: true}, func() (string, string) {
		box := s.boxes[name]
		if box == nil {
			return CodeNotFound, "no box " + name
		}
		do(box)
		return "", ""
	})
}

// Tag sets and removes tags of a shelf or a box.
func (s *Service) Tag(ctx context.Context, arn string, set map[string]string, remove []string) error {
	return s.call(ctx, Call{Action: "Tag", Name: arn, Write: true}, func() (string, string) {
		tags := s.tagsOf(arn)
		if tags == nil {
			return CodeNotFound, "nothing is called " + arn
		}
		maps.Copy(tags, set)
		for _, key := range remove {
			delete(tags, key)
		}
		return "", ""
	})
}

// Tagged names the shelves and boxes that have a tag with that value, in order of their names.
func (s *Service) Tagged(ctx context.Context, key, value string) (shelves, boxes []string, err error) {
	err = s.call(ctx, Call{Action: "Tagged", Name: value}, func() (string, string) {
		for name, shelf := range s.shelves {
			if shelf.Tags[key] == value {
				shelves = append(shelves, name)
			}
		}
		for name, box := range s.boxes {
			if box.Tags[key] == value {
				boxes = append(boxes, name)
			}
		}
		return "", ""
	})
	slices.Sort(shelves)
	slices.Sort(boxes)
	return shelves, boxes, err
}

// hasShelf and tagsOf are called with s.mu held.
func (s *Service) hasShelf(arn string) bool {
	for _, shelf := range s.shelves {
		if shelf.ARN == arn {
			return true
		}
	}
	return false
}

func (s *Service) tagsOf(arn string) map[string]string {
	for _, shelf := range s.shelves {
		if shelf.ARN == arn {
			return tagsIn(&shelf.Tags)
		}
	}
	for _, box := range s.boxes {
		if box.ARN == arn {
			return tagsIn(&box.Tags)
		}
	}
	return nil
}

func tagsIn(tags *map[string]string) map[string]string {
	if *tags == nil {
		*tags = map[string]string{}
	}
	return *tags
}
