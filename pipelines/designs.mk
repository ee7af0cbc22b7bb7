# How what a network makes is drawn and played, which differs with the generator's design. The one of demo.yaml makes
# notes that begin and end. What a small network of the described design makes flickers: a floor, a soft release and no
# sharpening play over it. At 44.1 kHz, for there are players that refuse the MP3s of lower rates.
floor_time =
play_time = bin/keys-to-wave -r 44100 --voice gaussian --release 0.06
floor_musigan = --floor 0.2
play_musigan = bin/keys-to-wave -r 44100 $(floor_musigan) --voice gaussian --release 0.1 --sharpen 1

# design_of FILE: that of a configuration.
design_of = $(or $(shell sed -n 's/^design: *\([a-z]*\).*/\1/p' $(1)),musigan)
