# What differs with the generator's design: what it hears of the songs; to be called with options of all programs. The one
# of demo.yaml hears notes, told from their overtones, two octaves of bass and drums, 24 times a beat; the described one 50
# times a second the loudness of bands a quarter of a semitone wide.
hear_time = bin/chunks-to-keys $(1) -a harmonic -k 3-63 --drums | bin/keys-to-beats $(1)
hear_musigan = bin/chunks-to-keys $(1) -a bands
# Records state how they are to be played. At 44.1 kHz, for there are players that refuse the MP3s of lower rates.
play = bin/keys-to-wave -r 44100

# design_of FILE: that of a configuration.
design_of = $(or $(shell sed -n 's/^design: *\([a-z]*\).*/\1/p' $(1)),musigan)
