"""How to read the tables: the same words on the page and in its summary."""

LEGEND = {
    "Clips": (
        "Seen clips were trained on. Held-back clips are a few others of the same speakers, and unseen ones are of "
        "speakers who were left out of training. In rows of the report's conversions, the sets are those of the "
        "authors' training, which knew other speakers than ours: the rows are of different clips. The middle 4.096 s "
        "of recordings and conversions are measured, so figures differ a little from those in docs/models.md."
    ),
    "Answers": (
        "A number, its 95 % interval by a bootstrap over speakers and their clips, the threshold, and the number of "
        "clips. The answer is yes or no if the whole interval lies on one side of the threshold, and otherwise cannot "
        "be told. With two speakers, as the unseen actors are, such an interval is too narrow. With one speaker, or "
        "with fewer than six clips, nothing can be told, and no interval is given. If two sets have clips in common, "
        "they are compared by those. The interval covers other clips and speakers, not another training: each "
        "training was done once."
    ),
    "Gap closed": (
        "How far conversions went towards the same actor's own recording of the same sentence in the target emotion: "
        "1 means that it is reached, 0 that nothing was done, below 0 that they are further away than before. It is "
        "the mean over three features: F0 (pitch), treble (energy from 1 to 4 kHz over energy below 1 kHz), and level "
        "spread."
    ),
    "MCD": (
        "Mel-cepstral distortion: the distance of the spectral envelope from that of the actor's own recording, in "
        "dB. Before is that of the recording, and second take that of the actor's other recording of the same "
        "sentence in the target emotion: what a repetition reaches."
    ),
    "A fixed equaliser": (
        "The simpler method to compare with. It adds the difference of the two emotions' mean spectra to every frame, "
        "and passes through Griffin-Lim as the conversions do. It and the judges were fitted to recordings of most "
        "speakers of the seen clips, these clips among them. A conversion that does nothing closes no gap; its WER "
        "and DNSMOS are those before."
    ),
    "WER": (
        "Word error rate: the share of words that a speech recogniser gets wrong; 0 is best, and added words can make "
        "it more than 1. It is measured for RAVDESS's two sentences only. The recogniser errs on real speech as well, "
        "and more in some emotions, so a conversion is compared with the recording (WER before) and with the actor's "
        "own recording in the target emotion (WER real)."
    ),
    "DNSMOS": (
        "An automatic rating of how clean speech sounds, from 1 to 5. Before is the recording after Griffin-Lim, "
        "through which every conversion passes. It is measured on one seen clip per actor, on those that are shown, "
        "and on all clips of the other sets."
    ),
    "Judges": (
        "The mean score, from 0 to 1, of two classifiers that tell the two emotions apart: a support vector machine "
        "(svm) and a logistic regression (logistic). Before is the score of the recording after Griffin-Lim. A judge "
        "is left out if it fails a test on other actors, and answers nothing if it takes more than 0.15 of these "
        "recordings for the target emotion."
    ),
    "Change, cycle error": (
        "The mean absolute difference of two images, whose values span -1 to 1: between the recording's and the "
        "conversion's, and between the recording's and the one that both generators in turn made of it."
    ),
}
"""What the answers and figures mean, by term."""

PICTURES = {
    "Spectrograms": (
        "0 to 8 kHz from bottom to top, 0 to 4.1 s from left to right, with the same 80 dB of colour. Under each "
        "stand its measures: before → after. The report's conversions are compared with the authors' own copies of "
        'the recordings, so their "before" can differ a little from ours.'
    ),
    "F0 off, treble off": (
        "The distance from the actor's own recording in the target emotion, in semitones and in dB."
    ),
}
"""What the pictures and the measures under them mean, by term."""
